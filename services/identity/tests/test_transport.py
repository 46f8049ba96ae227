"""Transport, credentials and objects as identity gives them (identity §1, §2, §3, §5)."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import psycopg
import pytest
from tests.support.client import PASSWORD, Api, User

from notechondria_launcher.stack import Stack

NOT_PROVIDED = {"detail": "Authentication credentials were not provided."}
TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00"
PUBLIC = [
    ("POST", "auth/register/"),
    ("POST", "auth/validate-invitation/"),
    ("POST", "auth/verify-email/"),
    ("POST", "auth/resend-verification/"),
    ("POST", "auth/login/"),
    ("POST", "auth/password-reset/"),
    ("POST", "auth/password-reset/confirm/"),
    ("GET", "auth/oauth-config/"),
    ("POST", "auth/google/"),
    ("POST", "auth/github/"),
]
WITH_LOGIN = [
    ("POST", "auth/logout/"),
    ("GET", "auth/sessions/"),
    ("DELETE", "auth/sessions/1/"),
    ("POST", "auth/send-identity-code/"),
    ("POST", "auth/change-password/"),
    ("POST", "auth/change-email/"),
    ("POST", "auth/rotate-api-key/"),
    ("GET", "auth/api-keys/"),
    ("GET", "auth/social-accounts/"),
    ("DELETE", "auth/social-accounts/github/"),
    ("POST", "auth/bind/google/"),
    ("POST", "auth/bind/github/"),
    ("GET", "auth/account/export/"),
    ("DELETE", "auth/account/"),
    ("GET", "settings/"),
    ("PATCH", "settings/"),
    ("GET", "integrations/github/status/"),
    ("DELETE", "integrations/github/status/"),
    ("POST", "integrations/github/callback/"),
    ("POST", "integrations/github/push/"),
    ("GET", "integrations/github/repos/"),
]


@pytest.fixture
def user(api: Api) -> User:
    return api.register()


@pytest.mark.contract("identity §1")
def test_texts_are_utf_8_and_not_escaped(user: User) -> None:
    answer = user.patch("settings/", {"first_name": "Žofie 漢"})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert "Žofie 漢".encode() in answer.content


@pytest.mark.contract("identity §1")
def test_a_204_has_no_body_at_all(api: Api, user: User) -> None:
    other = api.post("auth/login/", {"email": user.email, "password": PASSWORD}).json()["session"]["id"]
    for answer in (
        api.request("DELETE", f"auth/sessions/{other}/", headers=user.headers),
        api.request("POST", "auth/logout/", headers=user.headers),
    ):
        assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.contract("identity §1")
def test_texts_are_trimmed_passwords_too(api: Api, user: User) -> None:
    assert user.patch("settings/", {"motto": "\t between \n"}).json()["motto"] == "between"
    spaced = {"identifier": f" {user.username} ", "password": f"  {PASSWORD}\t"}
    assert api.post("auth/login/", spaced).status_code == 200


@pytest.mark.contract("identity §1")
def test_numbers_become_texts_booleans_and_null_are_refused(user: User) -> None:
    assert user.patch("settings/", {"motto": 42, "first_name": 1.5}).json()["motto"] == "42"
    wrong: list[object] = [True, False, None, [], {}]
    for value in wrong:
        answer = user.patch("settings/", {"motto": value})
        assert (answer.status_code, list(answer.json())) == (400, ["motto"]), value


@pytest.mark.contract("identity §1")
def test_unknown_keys_are_ignored(user: User) -> None:
    body = user.patch("settings/", {"motto": "x", "nobody_knows": [1], "id": 5}).json()
    assert body["motto"] == "x"
    assert "nobody_knows" not in body


@pytest.mark.contract("identity §1")
def test_timestamps_are_iso_8601_in_utc(api: Api, user: User) -> None:
    session = api.post("auth/login/", {"email": user.email, "password": PASSWORD}).json()["session"]
    for name in ("created_at", "last_seen_at"):
        assert re.fullmatch(TIMESTAMP, session[name]), session
    given = user.patch("settings/", {"app_settings_updated_at": "2026-04-02T12:00:00+02:00", "theme_mode": "D"}).json()
    assert given["app_settings_updated_at"] == "2026-04-02T10:00:00+00:00"


@pytest.mark.contract("identity §1", "identity §4")
def test_the_address_is_kept_as_a_hash(user: User) -> None:
    # The gateway's word counts: what a client writes into the header itself does not.
    forged = user.api.post(
        "auth/login/", {"email": user.email, "password": PASSWORD}, headers={"X-Forwarded-For": "203.0.113.9"}
    ).json()
    rows = {row["id"]: row["ip_hash_prefix"] for row in user.get("auth/sessions/").json()["sessions"]}
    assert rows[forged["session"]["id"]] == hashlib.sha256(b"127.0.0.1").hexdigest()[:8]


@pytest.mark.contract("identity §2")
@pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN"])
def test_the_scheme_of_a_session_is_taken_in_any_case(api: Api, user: User, scheme: str) -> None:
    answer = api.get("auth/sessions/", headers={"Authorization": f"{scheme} {user.token}"})
    assert answer.status_code == 200


@pytest.mark.contract("identity §2")
def test_an_api_key_is_taken_by_its_exact_prefix(api: Api, user: User) -> None:
    key = user.rotate_key()
    assert re.fullmatch(r"ntc_[0-9a-f]{32}", key)
    assert api.get("auth/sessions/", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    for header in (f"bearer {key}", f"BEARER {key}", f"Bearer {key.upper()}", f"Bearer {key[4:]}"):
        answer = api.get("auth/sessions/", headers={"Authorization": header})
        assert (answer.status_code, answer.json()) == (401, NOT_PROVIDED), header


@pytest.mark.contract("identity §2", "identity §3")
@pytest.mark.parametrize("header", ["", "Token", "Basic dXNlcjpwYXNz", "Bearer something", "nonsense"])
def test_what_is_no_credential_counts_as_none(api: Api, header: str) -> None:
    answer = api.get("auth/sessions/", headers={"Authorization": header})
    assert (answer.status_code, answer.json()) == (401, NOT_PROVIDED)
    assert answer.headers["www-authenticate"] == "Token"


@pytest.mark.contract("identity §2")
@pytest.mark.parametrize(("method", "path"), WITH_LOGIN)
def test_login_comes_before_everything(api: Api, method: str, path: str) -> None:
    for verb in (method, "PUT"):
        answer = api.request(verb, path, content=b"{", headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()) == (401, NOT_PROVIDED), verb


@pytest.mark.contract("identity §2")
@pytest.mark.parametrize(("method", "path"), PUBLIC)
def test_a_stale_credential_is_refused_on_public_endpoints(api: Api, method: str, path: str) -> None:
    for header, detail in ((f"Token {'0' * 40}", "Invalid token."), (f"Bearer ntc_{'0' * 32}", "Invalid API key.")):
        answer = api.request(method, path, json={}, headers={"Authorization": header})
        assert (answer.status_code, answer.json()) == (401, {"detail": detail})
        assert answer.headers["www-authenticate"] == "Token"


@pytest.mark.contract("identity §2")
@pytest.mark.parametrize("path", ["/", "/handshake/", "handshake/", "ping/", "health/", "/auth/google/callback"])
def test_the_endpoints_of_the_project_ignore_the_header(api: Api, path: str) -> None:
    assert api.get(path, headers={"Authorization": f"Token {'0' * 40}"}).status_code == 200


@pytest.mark.contract("identity §2", "identity §3.3")
def test_texts_of_401_hold_no_em_dash(api: Api, user: User, stack: Stack) -> None:
    key = user.rotate_key()
    with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
        admin.execute("UPDATE identity.users SET status = 'disabled' WHERE id = %s", (user.id,))
    said = [
        api.get("auth/sessions/", headers={"Authorization": header}).json()["detail"]
        for header in ("", "Token x", "Bearer ntc_x", f"Token {user.token}", f"Bearer {key}")
    ]
    assert said == [
        NOT_PROVIDED["detail"],
        "Invalid token.",
        "Invalid API key.",
        "User account is disabled.",
        "User account is disabled.",
    ]
    assert not any("\u2014" in text for text in said)


@pytest.mark.contract("identity §1")
@pytest.mark.parametrize(("method", "path"), [("GET", "auth/login/"), ("DELETE", "auth/register/"), ("GET", "nope/")])
def test_nothing_below_api_is_html(api: Api, method: str, path: str) -> None:
    answer = api.request(method, path)
    assert answer.headers["content-type"].startswith("application/json")
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.contract(
    "identity §5.1", "identity §5.2", "identity §2", "identity §7.1", "identity §7.6", "identity §11.2"
)
def test_a_fresh_account_has_its_defaults(api: Api, user: User) -> None:
    body: dict[str, Any] = api.post("auth/login/", {"email": user.email, "password": PASSWORD}).json()
    assert re.fullmatch(r"[0-9a-f]{40}", body["token"])
    base = f"{api.stack.plan.public_url}/api/v1"
    picture = body["user"].pop("image_url")
    assert api.http.get(picture).headers["content-type"] == "image/png"
    assert body["user"] == {
        "id": user.id,
        "email": user.email,
        "username": user.username,
        "first_name": "",
        "last_name": "",
        "display_name": user.username,
        "is_staff": False,
        "is_superuser": False,
        "motto": "",
        "social_link": "",
        "editor_mode": "P",
        "theme_preset": "teal",
        "theme_mode": "S",
        "api_base_url": base,
        "app_settings": {"theme_preset": "teal", "theme_mode": "S", "api_base_url": base},
        "app_settings_updated_at": None,
    }
    user.patch("settings/", {"first_name": "Mira", "last_name": ""})
    assert user.get("auth/session/").json()["user"]["display_name"] == "Mira"
    assert (body["multi_device"], body["other_sessions_count"]) == (True, 1)
    probe = user.get("auth/session/").json()
    assert probe.keys() == {*body, "authenticated"}
