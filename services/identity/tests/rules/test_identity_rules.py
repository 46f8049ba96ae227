"""The rules of accounts: registration, verification, sign-in, sessions, API keys, passwords, settings."""

from __future__ import annotations

import hashlib
import itertools
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.support.rules import Service

PASSWORD = "Correct-horse-7"
_names = itertools.count(1)
_CODE = re.compile(r"address=(\S+) .*code=(\d{6})")


class Mailbox:
    """Codes that identity logs where no mail server is set."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def code(self, email: str) -> str:
        found = [match for message in self._caplog.messages for match in _CODE.findall(message) if match[0] == email]
        assert found, f"no code was sent to {email}"
        return str(found[-1][1])


@dataclass
class User:
    """A signed-in account."""

    service: Service
    name: str
    email: str
    token: str

    def request(self, method: str, path: str, **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Token {self.token}"}
        return self.service.request(method, path, headers=headers, json=body)


@pytest.fixture
def mailbox(caplog: pytest.LogCaptureFixture) -> Iterator[Mailbox]:
    with caplog.at_level(logging.INFO, logger="notechondria"):
        yield Mailbox(caplog)


def fresh() -> dict[str, str]:
    name = f"new-user-{next(_names)}"
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD}


def post(identity: Service, path: str, **body: Any) -> httpx.Response:
    return identity.request("POST", f"auth/{path}/", json=body)


def register(identity: Service, mailbox: Mailbox) -> User:
    wanted = fresh()
    assert post(identity, "register", **wanted).status_code == 201
    verified = post(identity, "verify-email", email=wanted["email"], code=mailbox.code(wanted["email"]))
    assert verified.status_code == 200, verified.text
    return User(identity, wanted["username"], wanted["email"], verified.json()["token"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "ab"),
        ("username", "a b c"),
        ("username", "ünder"),
        ("email", "nobody"),
        ("password", "Short-1"),
        ("password", "alllower-1"),
        ("password", "OnlyLetters"),
    ],
)
def test_a_field_that_cannot_be_is_named(identity: Service, field: str, value: str) -> None:
    answer = post(identity, "register", **{**fresh(), field: value})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert identity.rows("SELECT count(*) AS n FROM users") == [{"n": 0}]


def test_a_name_and_an_address_are_given_once_whatever_their_case(identity: Service, mailbox: Mailbox) -> None:
    user = register(identity, mailbox)
    taken = {**fresh(), "username": user.name.upper(), "email": user.email.upper()}
    answer = post(identity, "register", **taken)
    assert (answer.status_code, set(answer.json())) == (400, {"username", "email"})


def test_an_account_opens_with_its_code_once(identity: Service, mailbox: Mailbox) -> None:
    wanted = fresh()
    post(identity, "register", **wanted)
    refused = post(identity, "login", email=wanted["email"], password=PASSWORD)
    assert (refused.status_code, list(refused.json())) == (400, ["non_field_errors"])
    given = {"email": wanted["email"], "code": mailbox.code(wanted["email"])}
    assert post(identity, "verify-email", **given).status_code == 200
    assert post(identity, "verify-email", **given).status_code == 400
    assert identity.events()[0] == "identity.user.activated"


def test_the_fifth_wrong_code_voids_the_right_one(identity: Service, mailbox: Mailbox) -> None:
    wanted = fresh()
    post(identity, "register", **wanted)
    right = mailbox.code(wanted["email"])
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(5):  # each refusal is an error, and is counted all the same
        assert post(identity, "verify-email", email=wanted["email"], code=wrong).status_code == 400
    assert post(identity, "verify-email", email=wanted["email"], code=right).status_code == 400


def test_an_unknown_account_is_refused_like_a_wrong_password(identity: Service, mailbox: Mailbox) -> None:
    user = register(identity, mailbox)
    wrong = post(identity, "login", email=user.email, password="Wrong-horse-7")
    unknown = post(identity, "login", email="nobody@example.org", password=PASSWORD)
    assert (wrong.status_code, unknown.status_code) == (400, 400)
    assert wrong.json() == unknown.json()


@pytest.mark.parametrize("upper", [False, True])
def test_one_signs_in_by_address_in_any_case(identity: Service, mailbox: Mailbox, *, upper: bool) -> None:
    user = register(identity, mailbox)
    email = user.email.upper() if upper else user.email
    answer = post(identity, "login", email=email, password=PASSWORD)
    assert answer.status_code == 200
    assert answer.json()["token"] != user.token


def test_a_session_ends_and_others_go_on(identity: Service, mailbox: Mailbox) -> None:
    user = register(identity, mailbox)
    second = post(identity, "login", email=user.email, password=PASSWORD).json()["token"]
    assert user.request("POST", "auth/logout/").status_code == 204
    assert user.request("GET", "auth/sessions/").status_code == 401
    user.token = second
    assert user.request("GET", "auth/sessions/").status_code == 200
    assert identity.events().count("identity.session.revoked") == 1


def test_a_session_of_somebody_else_cannot_be_ended(identity: Service, mailbox: Mailbox) -> None:
    ann, ben = register(identity, mailbox), register(identity, mailbox)
    (session,) = identity.rows(
        "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.username = %s", ann.name
    )
    assert ben.request("DELETE", f"auth/sessions/{session['id']}/").status_code == 404
    assert ann.request("GET", "auth/sessions/").status_code == 200


def test_tokens_are_kept_as_digests_only(identity: Service, mailbox: Mailbox) -> None:
    user = register(identity, mailbox)
    (row,) = identity.rows("SELECT s.* FROM sessions s JOIN users u ON u.id = s.user_id WHERE username = %s", user.name)
    assert hashlib.sha256(user.token.encode()).hexdigest() in row.values()
    assert user.token not in [str(value) for value in row.values()]


def test_a_key_is_made_used_and_ended(identity: Service, mailbox: Mailbox) -> None:
    user = register(identity, mailbox)
    made = user.request("POST", "auth/api-keys/", name="script", scopes=["read"]).json()
    bearer = {"Authorization": f"Bearer {made['api_key']}"}
    assert identity.request("GET", "settings/", headers=bearer).status_code == 200
    assert identity.request("PATCH", "settings/", headers=bearer, json={"motto": "x"}).status_code == 403
    assert user.request("DELETE", f"auth/api-keys/{made['id']}/").status_code == 204
    assert identity.request("GET", "settings/", headers=bearer).status_code == 401


def test_rotation_ends_the_key_before(identity: Service, mailbox: Mailbox) -> None:
    user = register(identity, mailbox)
    first = user.request("POST", "auth/rotate-api-key/").json()["api_key"]
    second = user.request("POST", "auth/rotate-api-key/").json()["api_key"]
    statuses = [
        identity.request("GET", "settings/", headers={"Authorization": f"Bearer {key}"}).status_code
        for key in (first, second)
    ]
    assert statuses == [401, 200]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["fly"]}, "scopes"),
        ({"name": "x", "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
    ],
)
def test_a_key_that_cannot_be_is_refused(identity: Service, mailbox: Mailbox, body: dict[str, Any], field: str) -> None:
    answer = register(identity, mailbox).request("POST", "auth/api-keys/", **body)
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_a_reset_needs_its_code_and_signs_everybody_out(identity: Service, mailbox: Mailbox) -> None:
    user = register(identity, mailbox)
    post(identity, "password-reset", email=user.email)
    code = mailbox.code(user.email)
    path = "password-reset/confirm"
    assert post(identity, path, email=user.email, code="abcdef", password="Another-horse-8").status_code == 400
    assert post(identity, path, email=user.email, code=code, password="Another-horse-8").status_code == 200
    assert user.request("GET", "auth/sessions/").status_code == 401
    assert post(identity, "login", email=user.email, password="Another-horse-8").status_code == 200
    assert post(identity, "login", email=user.email, password=PASSWORD).status_code == 400


def test_settings_are_changed_field_by_field(identity: Service, mailbox: Mailbox) -> None:
    user = register(identity, mailbox)
    before = user.request("GET", "settings/").json()
    assert user.request("PATCH", "settings/", motto="Slowly").status_code == 200
    after = user.request("GET", "settings/").json()
    assert {name for name in after if after[name] != before.get(name)} <= {
        "motto",
        "app_settings",
        "user",
        "updated_at",
    }
    assert "Slowly" in str(after)


def test_a_taken_name_is_not_given_again(identity: Service, mailbox: Mailbox) -> None:
    ann, ben = register(identity, mailbox), register(identity, mailbox)
    answer = ben.request("PATCH", "settings/", username=ann.name.upper())
    assert (answer.status_code, "username" in answer.json()) == (400, True)
    assert ben.request("GET", "auth/session/").status_code == 200


def test_an_invitation_is_needed_where_there_is_one(identity: Service) -> None:
    identity.rows(
        "INSERT INTO invitations (digest, label, max_uses, times_used, created_at) VALUES (%s, '', 1, 0, now())",
        hashlib.sha256(b"let-me-in").hexdigest(),
    )
    refused = post(identity, "register", **fresh())
    assert (refused.status_code, list(refused.json())) == (400, ["invitation_code"])
    assert post(identity, "register", **fresh(), invitation_code="let-me-in").status_code == 201
    assert post(identity, "register", **fresh(), invitation_code="let-me-in").status_code == 400  # used up


def test_a_deleted_account_is_gone_and_its_name_free(identity: Service, mailbox: Mailbox) -> None:
    user = register(identity, mailbox)
    answer = user.request("DELETE", "auth/account/", password=PASSWORD)
    assert answer.status_code == 204, answer.text
    assert user.request("GET", "auth/sessions/").status_code == 401
    assert identity.events()[-1] == "identity.user.deleted"
    again = {"username": user.name, "email": user.email, "password": PASSWORD}
    assert post(identity, "register", **again).status_code == 201
