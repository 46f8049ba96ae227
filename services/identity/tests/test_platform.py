"""Handshake, root, media, logs and bootstrap (identity §1, §6, §16, §17)."""

from __future__ import annotations

import hashlib
import re
import statistics
import tempfile
import time
from pathlib import Path

import psycopg
import pytest
from tests.support.client import PASSWORD, Api, eventually
from tests.support.documents import openapi

from notechondria_launcher.stack import Stack

VERSION = "0.1.0"


@pytest.mark.contract("identity §6", "notes §10")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_the_root_and_health_take_any_method(api: Api, method: str) -> None:
    assert api.request(method, "/").json() == {"status": "ok", "service": "notechondria-backend"}
    assert api.request(method, "health/").json() == {"status": "ok"}


@pytest.mark.contract("identity §6")
def test_the_root_takes_options_too(api: Api) -> None:
    # Below /api/ OPTIONS is a preflight (identity §15); here it is one of "any".
    assert api.request("OPTIONS", "/").json() == {"status": "ok", "service": "notechondria-backend"}


ALL_CAPABILITIES = {"auth", "notes", "courses", "planner", "calendar_feeds", "attachments", "mcp"}


@pytest.mark.contract("identity §6.1")
def test_capabilities_of_all_services_are_shown_as_soon_as_the_stack_is_ready() -> None:
    with tempfile.TemporaryDirectory(prefix="notechondria-capabilities-") as folder:
        Path(folder).chmod(0o711)  # Postgres may run as another user
        with Stack(Path(folder)) as fresh, Api(fresh) as api:
            assert api.get("handshake/").json()["capabilities"].keys() == ALL_CAPABILITIES


@pytest.mark.contract("identity §6.1")
@pytest.mark.parametrize("path", ["/handshake/", "/api/v1/handshake/"])
def test_the_handshake_names_service_version_and_capabilities(api: Api, path: str) -> None:
    body = api.get(path, headers={"Accept": "application/json", "Authorization": "Token bad"}).json()
    assert (body["service"], body["api_version"], body["version"]) == ("notechondria-backend", "v1", VERSION)
    assert body["capabilities"]["auth"] == 1
    assert all(isinstance(number, int) for number in body["capabilities"].values())
    assert body["build"] == {"version": VERSION, "commit": "", "build_time": "", "deploy_target": ""}


@pytest.mark.contract("apps §2")
def test_the_handshake_says_what_the_newest_apps_look_for(api: Api) -> None:
    body = api.get("handshake/").json()
    assert (body["min_frontend_version"], body["storage"]) == ("", {"backend": "local", "label": "Local disk"})


@pytest.mark.contract("identity §6.1")
def test_handshake_keeps_the_last_known_capabilities_while_the_bus_is_away(api: Api, stack: Stack) -> None:
    before = api.get("handshake/").json()["capabilities"]
    stack.kill("nats")
    try:
        time.sleep(1.5)
        assert api.get("handshake/").json()["capabilities"] == before
        assert before.keys() == ALL_CAPABILITIES
    finally:
        stack.start_part("nats")


@pytest.mark.contract("identity §6")
def test_ping_answers_with_the_time(api: Api) -> None:
    body = api.get("ping/").json()
    assert (body["pong"], body["service"]) == (True, "notechondria-backend")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", body["timestamp"])


@pytest.mark.contract("identity §6")
@pytest.mark.parametrize(
    "path",
    [
        "/media/user_upload/user_1/profile_pic/missing.png",
        "/media/user_upload/user_1/profile_pic/..%2f..%2f..%2fsecrets.json",
        "/media/user_upload/user_1/profile_pic/%00",
    ],
)
def test_missing_pictures_are_404(api: Api, path: str) -> None:
    assert api.get(path).status_code in {400, 404}


@pytest.mark.contract("identity §11.3")
def test_a_lost_picture_is_drawn_anew(api: Api, stack: Stack) -> None:
    user = api.register()
    url = user.get("settings/").json()["image_url"]
    (stack.data / "media" / url.partition("/media/")[2]).unlink()
    assert api.http.get(url).headers["Content-Type"] == "image/png"  # by whoever looks at it first (apps §8)
    (stack.data / "media" / url.partition("/media/")[2]).unlink()
    assert api.http.get(user.get("settings/").json()["image_url"]).status_code == 200


@pytest.mark.contract("identity §16", "identity §3.4")
def test_auth_failures_are_one_line_with_eight_characters_at_most(api: Api, stack: Stack) -> None:
    marker = hashlib.sha256(str(time.time()).encode()).hexdigest()[:40]
    api.get("auth/sessions/", headers={"Authorization": f"Token {marker}"})
    api.get("auth/sessions/")
    log = eventually(lambda: _log_with(stack, marker[:8]))
    lines = [line for line in log.splitlines() if marker[:8] in line]
    assert len(lines) == 1
    assert "Backend.Auth/token_check" in lines[0]
    assert "INFO" in lines[0]
    assert "GET /api/v1/auth/sessions/" in lines[0]
    assert marker[:9] not in log
    assert "credential=<none>" in log
    assert any("Backend.Auth/permission_check" in line for line in log.splitlines() if "credential=<none>" in line)
    api.get("auth/sessions/", headers={"Authorization": "Token two words here"})
    eventually(lambda: "credential=<malformed>" in _log_with(stack, "<malformed>"))


def _log_with(stack: Stack, text: str) -> str:
    """identity's log once it holds a text, "" before."""
    log = stack.log("identity").read_text()
    return log if text in log else ""


@pytest.mark.contract("identity §16", "decision 20")
def test_a_service_writes_access_lines(api: Api, stack: Stack) -> None:
    api.get("ping/?token=secret-value&a=1")
    log = eventually(
        lambda: "ping/?token=***&a=1" in stack.log("identity").read_text() and stack.log("identity").read_text()
    )
    assert re.search(r"INFO     200  +\d+\.\dms  GET    /api/v1/ping/\?token=\*\*\*&a=1", log)
    assert "secret-value" not in log


@pytest.mark.contract("identity §17", "notes §11.2")
def test_the_administrator_of_the_environment_is_made_at_start(stack: Stack, api: Api) -> None:
    password = _admin_password(stack)
    first = api.post("auth/login/", {"email": "admin", "password": password})
    assert first.status_code == 200
    user = first.json()["user"]
    assert (user["is_staff"], user["is_superuser"]) == (True, True)
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute(
            "UPDATE users SET is_staff = false, status = 'disabled', password_hash = '' WHERE id = %s", (user["id"],)
        )
    stack.restart_part("identity")  # each start makes the administrator what the environment says
    again = api.post("auth/login/", {"email": "admin", "password": password})
    assert again.status_code == 200
    assert (again.json()["user"]["id"], again.json()["user"]["is_staff"]) == (user["id"], True)


@pytest.mark.contract("identity §17")
def test_an_administrators_address_that_somebody_else_took_does_not_stop_the_start(stack: Stack, api: Api) -> None:
    password = _admin_password(stack)
    before = api.post("auth/login/", {"email": "admin", "password": password}).json()["user"]["email"]
    other = api.register()
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        # A mere claim is no obstacle, and ends (decision 43).
        identity.execute("UPDATE users SET email = 'moved@example.org' WHERE username = 'admin'")
        assert other.patch("settings/", {"email": before}).status_code == 400
        identity.execute("UPDATE users SET email = %s, email_claimed_at = now() WHERE id = %s", (before, other.id))
        stack.restart_part("identity")
        found = api.post("auth/login/", {"email": "admin", "password": password})
        assert (found.status_code, found.json()["user"]["email"]) == (200, before)
        assert other.get("settings/").json()["email"] == other.email
        take = "UPDATE users SET email = %(email)s, verified_email = %(email)s WHERE id = %(id)s"
        admin_id = found.json()["user"]["id"]
        identity.execute(take, {"email": "moved@example.org", "id": admin_id})
        identity.execute(take, {"email": before, "id": other.id})
        try:
            stack.restart_part("identity")
            found = api.post("auth/login/", {"email": "admin", "password": password})
            assert (found.status_code, found.json()["user"]["email"]) == (200, "moved@example.org")
        finally:
            identity.execute(take, {"email": other.email, "id": other.id})
            identity.execute(take, {"email": before, "id": admin_id})


def _admin_password(stack: Stack) -> str:
    found: str = stack.plan.credentials.admin_password
    return found


@pytest.mark.contract("identity §7.5")
def test_an_unknown_name_takes_as_long_as_a_wrong_password(api: Api) -> None:
    user = api.register()

    def seconds(name: str) -> float:
        started = time.perf_counter()
        assert api.post("auth/login/", {"email": name, "password": "wrong"}).status_code == 400
        return time.perf_counter() - started

    names = (user.email, "nobody-at-all@example.org")
    samples: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(15):  # taken in turns, so that other work on the machine hits both
        for name in names:
            samples[name].append(seconds(name))
    known, unknown = (statistics.median(samples[name]) for name in names)
    assert 0.5 < unknown / known < 2.0, (known, unknown)


@pytest.mark.contract("identity §4", "decision 19")
def test_last_seen_is_written_at_most_once_a_minute(api: Api, stack: Stack) -> None:
    user = api.register()
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:

        def seen() -> object:
            row = identity.execute("SELECT last_seen_at FROM sessions WHERE user_id = %s", (user.id,)).fetchone()
            return row[0] if row else None

        first = seen()
        for _ in range(3):
            user.get("auth/sessions/")
        assert seen() == first
        identity.execute(
            "UPDATE sessions SET last_seen_at = last_seen_at - interval '61 s' WHERE user_id = %s", (user.id,)
        )
        user.get("auth/sessions/")
        assert seen() > first  # type: ignore[operator]


def test_openapi_has_examples_for_every_body_and_documents_its_refusals() -> None:
    document = openapi("identity")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if not content:
                continue
            for part in content["schema"].get("anyOf", [content["schema"]]):
                schema = document["components"]["schemas"][part["$ref"].rpartition("/")[2]]
                optional = not schema.get("required")
                assert schema.get("examples") or optional, (method, path)
    login = document["paths"]["/api/v1/auth/login/"]["post"]["responses"]
    assert {"200", "400", "401", "429"} <= set(login)
    assert document["components"]["schemas"]["AuthPayload"]["examples"]


def test_password_is_never_in_an_answer(api: Api) -> None:
    name = "echo-" + hashlib.sha256(str(time.time()).encode()).hexdigest()[:8]
    body = {"username": name, "email": "bad", "password": PASSWORD}
    assert PASSWORD not in api.post("auth/register/", body).text


def test_notes_11_2_the_demo_account_is_there_and_nobody_can_enter_it(api: Api, stack: Stack) -> None:
    with psycopg.connect(stack.database_url("identity")) as identity:
        row = identity.execute(
            "SELECT email, status, is_staff, is_superuser, password_hash FROM users WHERE username = 'CodeX'"
        ).fetchone()
    assert row is not None
    assert row[:4] == ("", "active", False, False)
    assert row[4].startswith("$argon2id$")
    taken = api.post("auth/register/", {"username": "codex", "email": "codex@example.org", "password": PASSWORD})
    assert (taken.status_code, list(taken.json())) == (400, ["username"])
    assert list(api.post("auth/password-reset/", {"email": ""}).json()) == ["email"]
    stand_in = "SELECT id FROM users WHERE username = 'sample-course-owner'"
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        before = identity.execute(stand_in).fetchall()  # other tests may have made it
        stack.restart_part("identity")  # a second start makes no second one
        found = identity.execute("SELECT count(*) FROM users WHERE lower(username) = 'codex'").fetchone()
        assert (found, identity.execute(stand_in).fetchall()) == ((1,), before)
