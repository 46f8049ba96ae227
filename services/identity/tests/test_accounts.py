"""Registration, verification, sign-in, deletion (identity §7)."""

from __future__ import annotations

import hashlib
import secrets
import threading
from typing import Any

import psycopg
import pytest
from tests.support.client import PASSWORD, Api, eventually
from tests.support.clock import shift

from notechondria_launcher.stack import Stack


def fresh() -> dict[str, str]:
    name = f"new-{secrets.token_hex(4)}"
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD}


@pytest.mark.contract("identity §7.1", "identity §7.5", "identity §13")
def test_register_answers_201_without_a_token(api: Api) -> None:
    wanted = fresh()
    answer = api.post("auth/register/", {**wanted, "email": wanted["email"].upper()})
    assert answer.status_code == 201
    assert answer.json().keys() == {"message", "delivery_fallback", "email"}
    assert answer.json()["email"] == wanted["email"]
    assert answer.json()["delivery_fallback"] is True
    # Inactive until verified: the mismatch text, and no session.
    refused = api.post("auth/login/", {"email": wanted["email"], "password": PASSWORD})
    assert (refused.status_code, list(refused.json())) == (400, ["non_field_errors"])


@pytest.mark.contract("identity §7.1")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "ab"}, "username"),
        ({"username": "a b c"}, "username"),
        ({"username": "ünder"}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"username": None}, "username"),
        ({"email": "nobody"}, "email"),
        ({"email": ""}, "email"),
        ({"password": "Short-1"}, "password"),
        ({"password": "alllower-1"}, "password"),
        ({"password": "ALLUPPER-1"}, "password"),
        ({"password": "OnlyLetters"}, "password"),
        ({"password": "P1-" + "x" * 2000}, "password"),
    ],
)
def test_registering_names_the_failing_field(api: Api, change: dict[str, Any], field: str) -> None:
    answer = api.post("auth/register/", {**fresh(), **change})
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


@pytest.mark.contract("identity §7.1", "identity §3")
def test_registering_names_all_failing_fields_together(api: Api) -> None:
    assert api.post("auth/register/", {}).json().keys() == {"username", "email", "password"}
    # What is well-formed but taken is said in the same answer as what is not well-formed.
    user = api.register()
    taken = {"username": user.username, "email": user.email.upper()}
    for body in ({**taken, "password": "weak"}, taken, {**taken, "invitation_code": None, "password": "weak"}):
        answer = api.post("auth/register/", body)
        assert (answer.status_code, set(answer.json())) == (
            400,
            {"username", "email", "password"} | (set(body) - {*taken}),
        )
    answer = api.post("auth/register/", {"username": user.username, "email": "nobody", "password": PASSWORD})
    assert answer.json().keys() == {"username", "email"}
    assert api.post("auth/register/", []).json().keys() == {"non_field_errors"}


@pytest.mark.contract("identity §7.1")
def test_registering_refuses_taken_names_and_addresses(api: Api) -> None:
    user = api.register()
    taken = api.post("auth/register/", {**fresh(), "username": user.username.upper(), "email": user.email.upper()})
    assert taken.status_code == 400
    assert taken.json().keys() == {"username", "email"}


@pytest.mark.contract("identity §7.1")
def test_registering_again_replaces_ones_own_registration(api: Api) -> None:
    wanted = fresh()
    assert api.post("auth/register/", wanted).status_code == 201
    first = api.code_for(wanted["email"])
    # (fix) The same name and address again is no clash with oneself; from one network the older code is void.
    assert api.post("auth/register/", {**wanted, "password": "Another-horse-8"}).status_code == 201
    second = api.code_for(wanted["email"])
    if first != second:
        assert api.post("auth/verify-email/", {"email": wanted["email"], "code": first}).status_code == 400
    assert api.post("auth/verify-email/", {"email": wanted["email"], "code": second}).status_code == 200
    assert api.post("auth/login/", {"email": wanted["email"], "password": "Another-horse-8"}).status_code == 200
    assert api.post("auth/login/", {"email": wanted["email"], "password": PASSWORD}).status_code == 400


@pytest.mark.contract("identity §7.1")
def test_one_name_registered_twice_at_once_goes_to_one(api: Api) -> None:
    name = fresh()["username"]
    statuses: list[int] = []

    def register(number: int) -> None:
        body = {"username": name, "email": f"{name}-{number}@example.org", "password": PASSWORD}
        statuses.append(api.post("auth/register/", body).status_code)

    threads = [threading.Thread(target=register, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 400, 400, 400, 400, 400]


@pytest.mark.contract("identity §7.3", "decision 45")
def test_a_name_that_an_account_took_meanwhile_is_refused_with_its_field(api: Api) -> None:
    waiting = fresh()
    assert api.post("auth/register/", waiting).status_code == 201
    assert api.register().patch("settings/", {"username": waiting["username"]}).status_code == 200
    answer = api.post("auth/verify-email/", {"email": waiting["email"], "code": api.code_for(waiting["email"])})
    assert answer.status_code == 400
    assert list(answer.json()) == ["username"]


@pytest.mark.contract("identity §7.1", "identity §3")
def test_registering_asks_for_an_invitation_when_there_are_any(api: Api, stack: Stack) -> None:
    code = secrets.token_hex(8)
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute(
            "INSERT INTO invitations (digest, label, max_uses, times_used, created_at) VALUES (%s, '', 1, 0, now())",
            (hashlib.sha256(code.encode()).hexdigest(),),
        )
        try:
            assert api.post("auth/register/", fresh()).json() == {"invitation_code": ["This field is required."]}
            assert list(api.post("auth/register/", {**fresh(), "invitation_code": "x"}).json()) == ["invitation_code"]
            wanted = {**fresh(), "invitation_code": f" {code} "}
            assert api.post("auth/register/", wanted).status_code == 201
            # Used up now, before any verification.
            again = api.post("auth/register/", {**fresh(), "invitation_code": code})
            assert (again.status_code, list(again.json())) == (400, ["invitation_code"])
            assert isinstance(again.json()["invitation_code"], list)
        finally:
            identity.execute("DELETE FROM invitations")


@pytest.mark.contract("identity §7.3", "identity §13")
def test_a_code_is_single_use(api: Api) -> None:
    wanted = fresh()
    api.post("auth/register/", wanted)
    given = {"email": wanted["email"].upper(), "code": f" {api.code_for(wanted['email'])} "}
    answer = api.post("auth/verify-email/", given)
    assert answer.status_code == 200
    assert answer.json()["token"]
    assert answer.json()["user"]["username"] == wanted["username"]
    again = api.post("auth/verify-email/", given)
    assert (again.status_code, list(again.json())) == (400, ["non_field_errors"])


@pytest.mark.contract("identity §7.3", "identity §13", "decision 39")
def test_five_wrong_tries_void_the_code(api: Api) -> None:
    wanted = fresh()
    api.post("auth/register/", wanted)
    right = api.code_for(wanted["email"])
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(5):
        assert api.post("auth/verify-email/", {"email": wanted["email"], "code": wrong}).status_code == 400
    assert api.post("auth/verify-email/", {"email": wanted["email"], "code": right}).status_code == 400


@pytest.mark.contract("identity §7.3")
def test_an_expired_code_is_refused(api: Api, stack: Stack) -> None:
    wanted = fresh()
    api.post("auth/register/", wanted)
    shift(stack, "codes", "expires_at", "25 hours", "scope = %s", wanted["email"])
    given = {"email": wanted["email"], "code": api.code_for(wanted["email"])}
    assert list(api.post("auth/verify-email/", given).json()) == ["non_field_errors"]


@pytest.mark.contract("identity §7.3")
def test_verifying_refuses_unknown_addresses_and_missing_fields(api: Api) -> None:
    unknown = api.post("auth/verify-email/", {"email": "nobody@example.org", "code": "000000"})
    assert (unknown.status_code, list(unknown.json())) == (400, ["non_field_errors"])
    assert api.post("auth/verify-email/", {}).json().keys() == {"email", "code"}


@pytest.mark.contract("identity §7.4")
def test_a_code_is_sent_again_after_a_minute(api: Api, stack: Stack) -> None:
    wanted = fresh()
    api.post("auth/register/", wanted)
    first = api.code_for(wanted["email"])
    too_soon = api.post("auth/resend-verification/", {"email": wanted["email"]})
    assert (too_soon.status_code, list(too_soon.json())) == (400, ["email"])
    shift(stack, "codes", "created_at", "61 seconds", "scope = %s", wanted["email"])
    sent = api.post("auth/resend-verification/", {"email": wanted["email"]})
    assert sent.status_code == 200
    assert sent.json().keys() == {"message", "delivery_fallback"}
    second = api.code_for(wanted["email"])
    if first != second:
        assert api.post("auth/verify-email/", {"email": wanted["email"], "code": first}).status_code == 400
    assert api.post("auth/verify-email/", {"email": wanted["email"], "code": second}).status_code == 200
    for email in (wanted["email"], "nobody@example.org"):  # active by now; unknown
        assert list(api.post("auth/resend-verification/", {"email": email}).json()) == ["email"]


@pytest.mark.contract("identity §7.5", "identity §5.1", "identity §5.2")
@pytest.mark.parametrize("key", ["email", "identifier"])
def test_login_by_name_or_address(api: Api, key: str) -> None:
    user = api.register()
    for value in (user.username, user.email, user.username.upper(), user.email.upper()):
        answer = api.post("auth/login/", {key: value, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        assert answer.json()["user"]["id"] == user.id
    body = answer.json()
    assert body.keys() == {"token", "session", "multi_device", "other_sessions_count", "user"}
    assert body["session"].keys() == {"id", "device_label", "created_at", "last_seen_at"}
    assert (body["multi_device"], body["other_sessions_count"]) == (True, 4)
    assert body["user"].keys() == USER_KEYS
    assert body["user"]["api_base_url"].endswith("/api/v1")


USER_KEYS = {
    "id", "email", "username", "first_name", "last_name", "display_name", "is_staff", "is_superuser", "motto",
    "social_link", "image_url", "editor_mode", "theme_preset", "theme_mode", "api_base_url", "app_settings",
    "app_settings_updated_at",
}  # fmt: skip


@pytest.mark.contract("identity §7.5", "identity §3")
def test_identifier_wins_over_email_and_mismatches_are_refused(api: Api) -> None:
    user, other = api.register(), api.register()
    both = api.post("auth/login/", {"email": other.email, "identifier": user.email, "password": PASSWORD})
    assert both.json()["user"]["id"] == user.id
    for body, key in (
        ({"email": user.email, "password": "wrong"}, "non_field_errors"),
        ({"email": "nobody-here", "password": PASSWORD}, "non_field_errors"),
        ({"password": PASSWORD}, "non_field_errors"),
        ({"username": user.username, "password": PASSWORD}, "non_field_errors"),
        ({"email": " ", "password": PASSWORD}, "email"),
        ({"email": user.email, "password": ""}, "password"),
        ({"email": user.email}, "password"),
    ):
        answer = api.post("auth/login/", body)
        assert (answer.status_code, list(answer.json())) == (400, [key]), body


@pytest.mark.contract("identity §2", "identity §7.6")
def test_a_disabled_account_is_401_everywhere(api: Api, stack: Stack) -> None:
    user = api.register()
    with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
        admin.execute("UPDATE identity.users SET status = 'disabled' WHERE id = %s", (user.id,))
    for path in ("auth/sessions/", "planner-events/", "notes/deleted/"):
        answer = user.get(path)
        assert (answer.status_code, answer.json()) == (401, {"detail": "User account is disabled."})
    assert user.get("auth/session/").json() == {"authenticated": False}


def test_account_deletion(api: Api) -> None:
    user = api.register()
    for body, status, key in (
        ({}, 400, "password"),
        ({"password": "wrong"}, 400, "detail"),
    ):
        answer = user.request("DELETE", "auth/account/", json=body)
        assert (answer.status_code, list(answer.json())) == (status, [key])
    picture = user.get("auth/session/").json()["user"]["image_url"]
    assert api.http.get(picture).status_code == 200
    assert user.request("DELETE", "auth/account/", json={"password": PASSWORD}).status_code == 204
    assert user.get("auth/sessions/").json() == {"detail": "Invalid token."}
    assert api.http.get(picture).status_code == 404
    eventually(lambda: user.get("planner-events/").status_code == 401, seconds=5)
    # Name and address are free again.
    assert api.sign_up(user.username).id != user.id
