"""Sessions, probe, logout, devices, API key (identity §4, §7.6 - §7.9, §9)."""

from __future__ import annotations

import pytest
from tests.support.client import PASSWORD, Api
from tests.support.clock import shift

from identity_service.sessions.devices import device_label
from notechondria_launcher.stack import Stack


@pytest.mark.contract("identity §4")
@pytest.mark.parametrize(
    ("agent", "label"),
    [
        ("", "Unknown device"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17 like Mac OS X)", "iPhone"),
        ("Mozilla/5.0 (iPad; CPU OS 17 like Mac OS X)", "iPad"),
        ("Mozilla/5.0 (Linux; Android 14)", "Android device"),
        ("Mozilla/5.0 (Macintosh; Intel)", "Mac"),
        ("something mac os x", "Mac"),
        ("Mozilla/5.0 (Windows NT 10.0)", "Windows PC"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Linux"),
        ("curl/8", "Web browser"),
    ],
)
def test_a_device_label_comes_from_the_user_agent(agent: str, label: str) -> None:
    assert device_label(agent) == label


@pytest.mark.contract("identity §7.6", "identity §2")
def test_the_probe_is_always_200(api: Api) -> None:
    user = api.register()
    key = user.rotate_key()
    body = user.get("auth/session/").json()
    assert body["authenticated"] is True
    assert body["token"] == user.token
    for header in (None, f"Bearer {key}", "Token " + "0" * 40, "Token", "Basic x", "Token \u00e9".encode()):
        headers = {"Authorization": header} if header is not None else {}
        answer = api.get("auth/session/", headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"authenticated": False})


@pytest.mark.contract("identity §7.6", "identity §4", "decision 19")
def test_the_probe_does_not_touch(api: Api, stack: Stack) -> None:
    user = api.register()
    shift(stack, "sessions", "last_seen_at", "2 hours", "user_id = %s", user.id)
    seen = user.get("auth/session/").json()["session"]["last_seen_at"]
    assert user.get("auth/session/").json()["session"]["last_seen_at"] == seen
    listed = user.get("auth/sessions/").json()["sessions"][0]["last_seen_at"]
    assert listed > seen


@pytest.mark.contract("identity §4", "identity §2", "identity §7.6")
@pytest.mark.parametrize(("column", "age"), [("last_seen_at", "25 hours"), ("created_at", "73 hours")])
def test_sessions_expire_when_idle_and_after_three_days(api: Api, stack: Stack, column: str, age: str) -> None:
    user = api.register()
    shift(stack, "sessions", column, age, "user_id = %s", user.id)
    assert user.get("auth/session/").json() == {"authenticated": False}
    answer = user.get("auth/sessions/")
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token."})


@pytest.mark.contract("identity §7.8", "identity §4")
def test_the_list_of_devices_shows_active_sessions_only(api: Api) -> None:
    user = api.register()
    agent = "Mozilla/5.0 (Windows NT 10.0) " + "x" * 600
    other = api.post("auth/login/", {"email": user.email, "password": PASSWORD}, headers={"User-Agent": agent}).json()
    body = user.get("auth/sessions/").json()
    assert body["current_session_id"] == next(row["id"] for row in body["sessions"] if row["is_current"])
    newest = body["sessions"][0]
    assert newest["id"] == other["session"]["id"]
    assert (newest["device_label"], newest["user_agent"], newest["is_current"]) == ("Windows PC", agent[:512], False)
    assert len(newest["ip_hash_prefix"]) == 8
    assert user.token not in str(body)
    by_key = api.get("auth/sessions/", headers={"Authorization": f"Bearer {user.rotate_key()}"}).json()
    assert by_key["current_session_id"] is None
    assert not any(row["is_current"] for row in by_key["sessions"])


@pytest.mark.contract("identity §7.7", "identity §7.9", "identity §1", "identity §3")
def test_sessions_are_ended_one_by_one_and_by_logout(api: Api) -> None:
    user, stranger = api.register(), api.register()
    second = api.post("auth/login/", {"email": user.email, "password": PASSWORD}).json()
    path = f"auth/sessions/{second['session']['id']}/"
    assert stranger.delete(path).status_code == 404
    assert user.delete(path).status_code == 204
    assert user.delete(path).status_code == 204  # ended before: still fine
    assert user.delete("auth/sessions/999999999/").status_code == 404
    assert "status_code" in user.delete("auth/sessions/abc/").json()
    assert api.get("auth/sessions/", headers={"Authorization": f"Token {second['token']}"}).status_code == 401
    # The apps log out without a body and without a content type.
    assert api.request("POST", "auth/logout/", headers=user.headers).status_code == 204
    assert user.get("auth/sessions/").status_code == 401
    key = {"Authorization": f"Bearer {stranger.rotate_key()}"}
    assert api.request("POST", "auth/logout/", headers=key).status_code == 204
    assert stranger.get("auth/sessions/").status_code == 200


@pytest.mark.contract("identity §9", "identity §1")
def test_rotation_replaces_the_key(api: Api) -> None:
    user = api.register()
    answer = api.request("POST", "auth/rotate-api-key/", headers=user.headers)
    assert answer.json().keys() == {"api_key", "api_key_prefix"}
    first = answer.json()["api_key"]
    assert first.startswith("ntc_")
    assert len(first) == 36
    assert answer.json()["api_key_prefix"] == first[:8]
    second = user.rotate_key()
    assert api.get("auth/sessions/", headers={"Authorization": f"Bearer {first}"}).json() == {
        "detail": "Invalid API key."
    }
    assert api.get("auth/sessions/", headers={"Authorization": f"Bearer {second}"}).status_code == 200


@pytest.mark.contract("identity §2", "identity §9")
def test_secrets_are_stored_hashed_and_never_logged(api: Api, stack: Stack) -> None:
    user = api.register()
    key = user.rotate_key()
    user.get("notes/")
    api.get("notes/", headers={"Authorization": "Token " + "f" * 40})
    for part in ("identity", "notes", "planner", "mcp", "gateway"):
        log = stack.log(part).read_text()
        for secret in (user.token, key, PASSWORD, "f" * 40):
            assert secret not in log, part
