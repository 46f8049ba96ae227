"""Password reset, identity codes, password and e-mail change, invitations (identity §7.2, §8)."""

from __future__ import annotations

import hashlib
import json

import psycopg
import pytest
from tests.support.client import PASSWORD, Api, User

from identity_service.mail.service import masked
from notechondria_launcher.stack import Stack

NEW = "Another-horse-8"


@pytest.fixture
def user(api: Api) -> User:
    return api.register()


def identity_code(user: User) -> str:
    answer = user.request("POST", "auth/send-identity-code/")  # no body, no content type, as the apps do
    assert answer.status_code == 200, answer.text
    return user.api.code_for(user.email)


@pytest.mark.contract("identity §7.2", "identity §13")
def test_an_invitation_is_checked_without_being_used(api: Api, stack: Stack) -> None:
    path = "auth/validate-invitation/"
    assert api.post(path, {}).json() == {"required": False, "valid": True}
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute(
            "INSERT INTO invitations (digest, label, max_uses, times_used, created_at) VALUES (%s, '', 1, 0, now())",
            (hashlib.sha256(b"let-me-in").hexdigest(),),
        )
        try:
            assert api.post(path, {}).json() == {"required": True, "valid": False}
            assert api.post(path, {"invitation_code": ""}).json() == {"required": True, "valid": False}
            for _ in range(2):  # not used up by looking
                assert api.post(path, {"invitation_code": " let-me-in "}).json() == {"required": True, "valid": True}
            for unknown in ("wrong", "x" * 300):
                assert api.post(path, {"invitation_code": unknown}).json() == {"required": True, "valid": False}
            # Of a registration it is one failing field among the others.
            refused = api.post("auth/register/", {"username": "a", "invitation_code": "wrong"})
            assert refused.json().keys() == {"username", "email", "password", "invitation_code"}
            identity.execute("UPDATE invitations SET expires_at = now() - interval '1 minute'")
            assert api.post(path, {"invitation_code": "let-me-in"}).json() == {"required": True, "valid": False}
        finally:
            identity.execute("DELETE FROM invitations")


@pytest.mark.contract("identity §8.1")
def test_a_reset_code_is_asked_for_by_address(api: Api, user: User) -> None:
    answer = api.post("auth/password-reset/", {"email": user.email.upper()})
    assert answer.status_code == 200
    assert answer.json().keys() == {"message", "delivery_fallback", "email"}
    assert answer.json()["email"] == user.email
    for email in ("nobody", "unknown@example.org"):
        refused = api.post("auth/password-reset/", {"email": email})
        assert (refused.status_code, list(refused.json())) == (400, ["email"])


@pytest.mark.contract("identity §8.2", "identity §3", "identity §4", "decision 38")
def test_a_reset_needs_its_code_and_revokes_all_sessions(api: Api, user: User) -> None:
    api.post("auth/password-reset/", {"email": user.email})
    code = api.code_for(user.email)
    path = "auth/password-reset/confirm/"
    short = api.post(path, {"email": user.email, "code": code, "password": "short"})
    assert (short.status_code, list(short.json())) == (400, ["password"])
    wrong = api.post(path, {"email": user.email, "code": "abcdef", "password": "all lower is fine"})
    assert (wrong.status_code, list(wrong.json())) == (400, ["non_field_errors"])
    done = api.post(path, {"email": user.email, "code": code, "password": "all lower is fine"})
    assert (done.status_code, list(done.json())) == (200, ["message"])
    again = api.post(path, {"email": user.email, "code": code, "password": "all lower is fine"})
    assert again.status_code == 400
    # Every device is signed out; the new password signs in.
    assert user.get("auth/sessions/").status_code == 401
    assert api.post("auth/login/", {"email": user.email, "password": PASSWORD}).status_code == 400
    assert api.post("auth/login/", {"email": user.email, "password": "all lower is fine"}).status_code == 200


@pytest.mark.contract("identity §8.1", "decision 43")
def test_an_address_that_nobody_proved_gets_no_reset_code(api: Api, user: User) -> None:
    pending = {"username": "p-" + user.username, "email": "p-" + user.email, "password": PASSWORD}
    api.post("auth/register/", pending)
    refused = api.post("auth/password-reset/", {"email": pending["email"]})
    assert (refused.status_code, list(refused.json())) == (400, ["email"])


@pytest.mark.contract("identity §8.2")
def test_a_reset_does_not_open_a_disabled_account(api: Api, user: User, stack: Stack) -> None:
    with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
        admin.execute("UPDATE identity.users SET status = 'disabled' WHERE id = %s", (user.id,))
    assert api.post("auth/password-reset/", {"email": user.email}).status_code == 200
    body = {"email": user.email, "code": api.code_for(user.email), "password": NEW}
    assert api.post("auth/password-reset/confirm/", body).status_code == 200
    assert api.post("auth/login/", {"email": user.email, "password": NEW}).status_code == 400


@pytest.mark.contract("identity §8.3")
@pytest.mark.parametrize(
    ("email", "shown"), [("mira@example.org", "m***@example.org"), ("@x.org", "***"), ("", "***"), ("mira", "***")]
)
def test_an_address_is_shown_masked(email: str, shown: str) -> None:
    assert masked(email) == shown


@pytest.mark.contract("identity §8.3", "identity §1")
def test_an_identity_code_is_mailed_and_needs_an_address(api: Api, user: User, stack: Stack) -> None:
    answer = user.request("POST", "auth/send-identity-code/")
    assert answer.json().keys() == {"message", "delivery_fallback", "masked_email"}
    assert answer.json()["masked_email"] == masked(user.email)
    with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
        admin.execute("UPDATE identity.users SET email = '', verified_email = '' WHERE id = %s", (user.id,))
    refused = user.request("POST", "auth/send-identity-code/")
    assert (refused.status_code, list(refused.json())) == (400, ["detail"])


@pytest.mark.contract("identity §8.4", "identity §1", "identity §4")
@pytest.mark.parametrize("content_type", ["application/json", "text/plain; charset=utf-8", None])
def test_a_password_change_revokes_all_sessions_and_mints_one(api: Api, user: User, content_type: str | None) -> None:
    other = api.post("auth/login/", {"email": user.email, "password": PASSWORD}).json()["token"]
    body = {"current_password": PASSWORD, "new_password": NEW, "identity_code": identity_code(user)}
    headers = {"Content-Type": content_type} if content_type else {}
    answer = user.request("POST", "auth/change-password/", content=json.dumps(body), headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"message", "token", "session"}
    assert answer.json()["session"].keys() == {"id", "device_label", "created_at", "last_seen_at"}
    for token, status in ((user.token, 401), (other, 401), (answer.json()["token"], 200)):
        assert api.get("auth/sessions/", headers={"Authorization": f"Token {token}"}).status_code == status
    assert api.post("auth/login/", {"email": user.email, "password": NEW}).status_code == 200


@pytest.mark.contract("identity §8.4", "identity §3")
def test_a_wrong_current_password_burns_the_identity_code(api: Api, user: User) -> None:
    path = "auth/change-password/"
    code = identity_code(user)
    fields = user.post(path, {"current_password": PASSWORD, "new_password": "weak", "identity_code": code})
    assert (fields.status_code, list(fields.json())) == (400, ["new_password"])
    assert user.post(path, {}).json().keys() == {"current_password", "new_password", "identity_code"}
    wrong_code = user.post(path, {"current_password": PASSWORD, "new_password": NEW, "identity_code": "x"})
    assert (wrong_code.status_code, list(wrong_code.json())) == (400, ["detail"])
    # A wrong current password burns the code.
    wrong = user.post(path, {"current_password": "wrong", "new_password": NEW, "identity_code": code})
    assert (wrong.status_code, list(wrong.json())) == (400, ["detail"])
    burnt = user.post(path, {"current_password": PASSWORD, "new_password": NEW, "identity_code": code})
    assert burnt.status_code == 400
    assert api.post("auth/login/", {"email": user.email, "password": PASSWORD}).status_code == 200


@pytest.mark.contract("identity §8.5", "identity §1")
@pytest.mark.parametrize("content_type", ["application/json", "text/plain; charset=utf-8"])
def test_an_address_is_changed_in_two_steps(api: Api, user: User, content_type: str) -> None:
    path, new = "auth/change-email/", f"moved-{user.email}"
    headers = {"Content-Type": content_type}
    first = {"new_email": new.upper(), "identity_code": identity_code(user)}
    step = user.request("POST", path, content=json.dumps(first), headers=headers)
    assert step.status_code == 200, step.text
    assert step.json().keys() == {"message", "delivery_fallback", "email"}
    assert step.json()["email"] == new
    second = {"new_email": new, "code": api.code_for(new)}
    # (fix) The code belongs to this user: another one cannot use it.
    stranger = api.register()
    refused = stranger.request("POST", path, content=json.dumps(second), headers=headers)
    assert (refused.status_code, list(refused.json())) == (400, ["non_field_errors"])
    done = user.request("POST", path, content=json.dumps(second), headers=headers)
    assert (done.status_code, done.json()["email"]) == (200, new)
    assert user.get("settings/").json()["email"] == new  # the session stays
    assert user.request("POST", path, content=json.dumps(second), headers=headers).status_code == 400


@pytest.mark.contract("identity §8.5")
def test_a_change_of_address_is_refused_with_its_field(api: Api, user: User) -> None:
    path, other = "auth/change-email/", api.register()
    for new in (other.email, user.email, "nobody"):
        answer = user.post(path, {"new_email": new, "identity_code": identity_code(user)})
        assert (answer.status_code, list(answer.json())) == (400, ["new_email"])
    for body in ({}, {"new_email": other.email}):
        assert user.post(path, body).json().keys() == {"new_email", "identity_code"}
    bad = user.post(path, {"new_email": "free-" + user.email, "identity_code": "x"})
    assert (bad.status_code, list(bad.json())) == (400, ["detail"])
    code = identity_code(user)
    new = f"late-{user.email}"
    assert user.post(path, {"new_email": new, "identity_code": code}).status_code == 200
    assert user.post(path, {"new_email": new, "identity_code": code}).status_code == 400  # burnt
    taken = api.code_for(new)
    assert other.post(path, {"new_email": new, "identity_code": identity_code(other)}).status_code == 200
    assert other.post(path, {"new_email": new, "code": api.code_for(new)}).status_code == 200  # proved first
    late = user.post(path, {"new_email": new, "code": taken})
    assert (late.status_code, list(late.json())) == (400, ["non_field_errors"])
