"""Rules of registration, sign-in, codes and keys row by row (identity §4, §7, §8, §9, §17)."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import psycopg
import pytest
from tests.support.client import PASSWORD, Api, User
from tests.support.clock import shift

from notechondria_launcher.stack import Stack

NEW = "Another-horse-8"


@pytest.fixture
def user(api: Api) -> User:
    return api.register()


def fresh(**change: Any) -> dict[str, Any]:
    name = f"rule-{secrets.token_hex(4)}"
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD, **change}


def sign_in(api: Api, name: str, password: str = PASSWORD, **options: Any) -> Any:
    return api.post("auth/login/", {"email": name, "password": password}, **options)


def identity_code(user: User) -> str:
    assert user.request("POST", "auth/send-identity-code/").status_code == 200
    return user.api.code_for(user.email)


@pytest.mark.contract("identity §4")
@pytest.mark.parametrize(
    ("agent", "label"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17 like Mac OS X)", "iPhone"),
        ("Mozilla/5.0 (iPad; CPU OS 17 like Mac OS X)", "iPad"),
        ("Mozilla/5.0 (Linux; ANDROID 14)", "Android device"),
        ("Mozilla/5.0 (Macintosh; Intel)", "Mac"),
        ("something mac os x", "Mac"),
        ("Mozilla/5.0 (Windows NT 10.0)", "Windows PC"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Linux"),
        ("curl/8", "Web browser"),
        ("", "Unknown device"),
    ],
)
def test_a_session_is_labelled_by_its_user_agent(api: Api, user: User, agent: str, label: str) -> None:
    body = sign_in(api, user.email, headers={"User-Agent": agent}).json()
    assert body["session"]["device_label"] == label


@pytest.mark.contract("identity §4", "identity §5.2", "identity §7.8")
def test_a_row_for_each_sign_in_and_no_cap(api: Api, user: User) -> None:
    for count in range(1, 7):
        body = sign_in(api, user.email).json()
        assert (body["multi_device"], body["other_sessions_count"]) == (True, count)
    listed = user.get("auth/sessions/").json()["sessions"]
    assert len(listed) == 7
    assert [row["last_seen_at"] for row in listed] == sorted((row["last_seen_at"] for row in listed), reverse=True)
    for row in listed:
        assert row.keys() == {
            "id", "device_label", "user_agent", "ip_hash_prefix", "created_at", "last_seen_at", "is_current",
        }  # fmt: skip


@pytest.mark.contract("identity §4", "identity §7.7", "identity §2", "identity §7.6")
def test_logout_ends_the_calling_session_only(api: Api, user: User) -> None:
    other = sign_in(api, user.email).json()["token"]
    headers = {"Authorization": f"Token {other}"}
    assert api.request("POST", "auth/logout/", headers=headers).status_code == 204
    assert api.get("auth/sessions/", headers=headers).json() == {"detail": "Invalid token."}
    listed = user.get("auth/sessions/").json()["sessions"]
    assert [row["is_current"] for row in listed] == [True]  # what was ended is hidden
    assert api.get("auth/session/", headers=headers).json() == {"authenticated": False}


@pytest.mark.contract("identity §7.1")
def test_a_name_and_a_password_may_be_just_long_enough(api: Api) -> None:
    shortest = f"a{secrets.token_urlsafe(3)[:2]}"
    answer = api.post("auth/register/", fresh(username=shortest, password="Abcdef-8"))
    assert answer.status_code == 201, answer.text


@pytest.mark.contract("identity §7.1")
def test_a_name_has_at_most_150_characters(api: Api) -> None:
    name = f"{secrets.token_hex(4)}{'x' * 142}"
    assert len(name) == 150
    assert api.post("auth/register/", fresh(username=name)).status_code == 201
    assert list(api.post("auth/register/", fresh(username=name + "x")).json()) == ["username"]


@pytest.mark.contract("identity §7.1")
def test_of_two_names_for_one_address_the_one_that_was_mailed_is_opened(api: Api) -> None:
    first = fresh()
    assert api.post("auth/register/", first).status_code == 201
    second = {**fresh(), "email": first["email"].upper(), "password": NEW}
    assert api.post("auth/register/", second).status_code == 201
    code = api.code_for(first["email"])
    body = api.post("auth/verify-email/", {"email": first["email"], "code": code}).json()
    assert body["user"]["username"] == second["username"]
    assert sign_in(api, second["username"], NEW).status_code == 200
    # The first name is free: nobody opened an account of it.
    assert api.post("auth/register/", fresh(username=first["username"])).status_code == 201


@pytest.mark.contract("identity §7.1", "decision 21")
def test_a_code_that_nobody_asks_for_is_ignored(api: Api) -> None:
    assert api.post("auth/register/", fresh(invitation_code="whatever")).status_code == 201
    assert api.post("auth/register/", fresh(invitation_code="")).status_code == 201


@pytest.mark.contract("identity §7.1", "identity §13", "identity §7.2")
def test_an_invitation_may_serve_several(api: Api, stack: Stack) -> None:
    code = secrets.token_hex(8)
    path = "auth/validate-invitation/"
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute(
            "INSERT INTO invitations (digest, label, max_uses, times_used, created_at) VALUES (%s, '', 2, 0, now())",
            (hashlib.sha256(code.encode()).hexdigest(),),
        )
        try:
            for _ in range(2):
                assert api.post(path, {"invitation_code": code}).json() == {"required": True, "valid": True}
                assert api.post("auth/register/", fresh(invitation_code=code)).status_code == 201
            # Used up, and still a row: an invitation is required, and this one is none.
            assert api.post(path, {"invitation_code": code}).json() == {"required": True, "valid": False}
            assert list(api.post("auth/register/", fresh(invitation_code=" ")).json()) == ["invitation_code"]
        finally:
            identity.execute("DELETE FROM invitations")


@pytest.mark.contract("identity §7.3")
def test_opening_an_account_gives_it_inbox_and_welcome_note(user: User) -> None:
    own = [row for row in user.get("courses/").json() if row["owner"]["id"] == user.id]
    assert [row["is_default"] for row in own] == [True]
    notes = user.get("notes/", params={"scope": "mine"}).json()
    assert len(notes["results"] if isinstance(notes, dict) else notes) == 1


@pytest.mark.contract("identity §7.3")
@pytest.mark.parametrize("change", [{"email": "nobody"}, {"email": ""}, {"code": ""}, {"code": True}, {"code": None}])
def test_verifying_names_the_failing_field(api: Api, change: dict[str, Any]) -> None:
    answer = api.post("auth/verify-email/", {"email": "a@example.org", "code": "000000", **change})
    assert (answer.status_code, list(answer.json())) == (400, list(change))


@pytest.mark.contract("identity §7.5")
def test_an_address_is_looked_up_before_a_name(api: Api, user: User) -> None:
    impostor = api.register()
    assert impostor.patch("settings/", {"username": user.email}).status_code == 200  # no pattern there (identity §11.1)
    assert sign_in(api, user.email).json()["user"]["id"] == user.id


@pytest.mark.contract("identity §7.8", "identity §7.9", "identity §4")
def test_a_session_that_ended_is_hidden(api: Api, user: User, stack: Stack) -> None:
    idle = sign_in(api, user.email).json()["session"]["id"]
    shift(stack, "sessions", "last_seen_at", "25 hours", "id = %s", idle)
    old = sign_in(api, user.email).json()["session"]["id"]
    shift(stack, "sessions", "created_at", "73 hours", "id = %s", old)
    body = user.get("auth/sessions/").json()
    assert [row["id"] for row in body["sessions"]] == [body["current_session_id"]]
    # The own current session may be ended by its number too.
    assert user.delete(f"auth/sessions/{body['current_session_id']}/").status_code == 204
    assert user.get("auth/sessions/").status_code == 401


@pytest.mark.contract("identity §8.1", "identity §13")
def test_a_newer_code_voids_the_older(api: Api, user: User) -> None:
    codes = []
    for _ in range(2):
        assert api.post("auth/password-reset/", {"email": user.email}).status_code == 200
        codes.append(api.code_for(user.email))
    body = {"email": user.email, "password": NEW}
    if codes[0] != codes[1]:
        assert api.post("auth/password-reset/confirm/", {**body, "code": codes[0]}).status_code == 400
    assert api.post("auth/password-reset/confirm/", {**body, "code": codes[1]}).status_code == 200


@pytest.mark.contract("identity §8.2")
def test_a_reset_refuses_unknown_accounts_and_expired_codes(api: Api, user: User, stack: Stack) -> None:
    path = "auth/password-reset/confirm/"
    nobody = api.post(path, {"email": "nobody@example.org", "code": "000000", "password": NEW})
    assert (nobody.status_code, list(nobody.json())) == (400, ["non_field_errors"])
    api.post("auth/password-reset/", {"email": user.email})
    shift(stack, "codes", "expires_at", "25 hours", "scope = %s", user.email)
    late = api.post(path, {"email": user.email, "code": api.code_for(user.email), "password": NEW})
    assert (late.status_code, list(late.json())) == (400, ["non_field_errors"])
    assert api.post(path, {}).json().keys() == {"email", "code", "password"}


@pytest.mark.contract("identity §8.2")
def test_a_reset_gives_a_password_to_an_account_without_one(api: Api, user: User, stack: Stack) -> None:
    with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:  # as sign-in with a provider leaves it
        admin.execute("UPDATE identity.users SET password_hash = '!' WHERE id = %s", (user.id,))
    assert sign_in(api, user.email).status_code == 400
    api.post("auth/password-reset/", {"email": user.email})
    body = {"email": user.email, "code": api.code_for(user.email), "password": "12345678"}
    assert api.post("auth/password-reset/confirm/", body).status_code == 200
    assert sign_in(api, user.email, "12345678").status_code == 200


@pytest.mark.contract("identity §8.3")
def test_a_newer_identity_code_voids_the_older_and_there_is_no_pause(user: User) -> None:
    first, second = identity_code(user), identity_code(user)
    body = {"current_password": PASSWORD, "new_password": NEW}
    if first != second:
        refused = user.post("auth/change-password/", {**body, "identity_code": first})
        assert (refused.status_code, list(refused.json())) == (400, ["detail"])
    assert user.post("auth/change-password/", {**body, "identity_code": second}).status_code == 200


@pytest.mark.contract("identity §8.5", "identity §1")
def test_an_empty_code_is_the_first_step_and_no_content_type_is_json(user: User) -> None:
    new = f"moved-{user.email}"
    body = f'{{"new_email": "{new}", "identity_code": "{identity_code(user)}", "code": ""}}'
    answer = user.request("POST", "auth/change-email/", content=body)
    assert (answer.status_code, answer.json().get("email")) == (200, new), answer.text
    done = user.request(
        "POST", "auth/change-email/", content=f'{{"new_email": "{new}", "code": "{user.api.code_for(new)}"}}'
    )
    assert (done.status_code, done.json().keys()) == (200, {"message", "email"})
    assert sign_in(user.api, new).status_code == 200


@pytest.mark.contract("identity §9", "identity §2")
def test_one_key_and_its_prefix_in_the_settings(api: Api, user: User) -> None:
    assert user.get("settings/").json()["api_key_prefix"] == ""
    keys = [user.rotate_key() for _ in range(2)]
    assert user.get("settings/").json()["api_key_prefix"] == keys[1][:8]
    for path in ("auth/sessions/", "notes/deleted/", "planner-events/"):
        answer = api.get(path, headers={"Authorization": f"Bearer {keys[0]}"})
        assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid API key."})


@pytest.mark.contract("identity §17")
def test_an_invitation_of_64_hex_digits_is_a_hash_already(api: Api, stack: Stack) -> None:
    code = secrets.token_hex(8)
    hashed = hashlib.sha256(code.encode()).hexdigest()
    headers = stack.internal_header("identity")
    made = api.http.post(
        f"{stack.service_url('identity')}/internal/operators/invitations",
        json={"code": hashed.upper()},
        headers=headers,
    )
    try:
        assert made.status_code in {200, 201}, made.text
        assert api.post("auth/validate-invitation/", {"invitation_code": code}).json() == {
            "required": True,
            "valid": True,
        }
    finally:
        with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
            identity.execute("DELETE FROM invitations")
