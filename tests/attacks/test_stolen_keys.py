"""An API key that got into the wrong hands is a key and not the account (decision 42)."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx
import pytest

from tests.support.client import PASSWORD, Api, User, eventually

NEW_PASSWORD = "Better-horse-8"


@pytest.fixture
def owner(api: Api) -> User:
    return api.register()


def _with(owner: User, key: str, method: str, path: str, **options: Any) -> httpx.Response:
    return owner.api.request(method, path, headers={"Authorization": f"Bearer {key}"}, **options)


FORBIDDEN = [
    ("POST", "auth/api-keys/", {"name": "for ever"}),
    ("GET", "auth/api-keys/", None),
    ("DELETE", "auth/api-keys/1/", None),
    ("POST", "auth/rotate-api-key/", {}),
    ("POST", "auth/send-identity-code/", {}),
    ("POST", "auth/change-password/", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}),
    ("POST", "auth/change-email/", {"new_email": "mine@example.org", "identity_code": "000000"}),
    ("DELETE", "auth/sessions/1/", None),
    ("DELETE", "auth/account/", {"password": PASSWORD}),
    ("GET", "auth/account/export/", None),
    ("POST", "auth/bind/google/", {"code": "x"}),
    ("POST", "auth/bind/github/", {"code": "x"}),
    ("DELETE", "auth/social-accounts/google/", None),
    ("GET", "auth/programs/", None),
    ("DELETE", "auth/programs/1/", None),
    ("POST", "auth/casdoor/bind/", {"code": "x"}),
    ("DELETE", "auth/casdoor/unlink/", None),
]


@pytest.mark.contract("decision 42")
@pytest.mark.parametrize(
    ("method", "path", "body"), FORBIDDEN, ids=[f"{method} {path}" for method, path, _ in FORBIDDEN]
)
def test_a_write_key_does_not_decide_over_the_account(
    owner: User, method: str, path: str, body: dict[str, str] | None
) -> None:
    answer = _with(owner, owner.rotate_key(), method, path, json=body)
    assert answer.status_code == 403, answer.text
    assert "API key" in answer.json()["detail"]
    assert owner.get("settings/").json()["email"] == owner.email


@pytest.mark.contract("decision 42")
def test_the_refusal_comes_before_the_body_is_looked_at(owner: User) -> None:
    answer = _with(owner, owner.rotate_key(), "POST", "auth/api-keys/", content=b"not json")
    assert answer.status_code == 403


@pytest.mark.contract("decision 42")
def test_a_key_changes_settings_but_not_the_address(owner: User) -> None:
    key = owner.rotate_key()
    assert _with(owner, key, "PATCH", "settings/", json={"motto": "by a script"}).status_code == 200
    # The apps send all fields back: the address as it is changes nothing.
    assert _with(owner, key, "PATCH", "settings/", json={"email": owner.email.upper()}).status_code == 200
    answer = _with(owner, key, "PATCH", "settings/", json={"email": "mine@example.org", "motto": "other"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["email"]
    settings = owner.get("settings/").json()
    assert (settings["email"], settings["motto"]) == (owner.email, "by a script")


@pytest.mark.contract("decision 42", "identity §7.8")
def test_a_key_still_reads_the_list_of_devices(owner: User) -> None:
    assert _with(owner, owner.rotate_key(), "GET", "auth/sessions/").status_code == 200


@pytest.mark.contract("decision 42", "identity §8.2")
def test_a_reset_of_the_password_ends_all_keys(owner: User) -> None:
    keys = [owner.rotate_key()]
    keys += [owner.post("auth/api-keys/", {"name": f"key {number}"}).json()["api_key"] for number in range(2)]
    api = owner.api
    assert api.post("auth/password-reset/", {"email": owner.email}).status_code == 200
    body = {"email": owner.email, "code": api.code_for(owner.email), "password": NEW_PASSWORD}
    assert api.post("auth/password-reset/confirm/", body).status_code == 200
    for key in keys:
        for path in ("settings/", "notes/", "planner-events/"):
            # Other services learn of it within a second.
            eventually(partial(_is_refused, owner, key, path), what=path)


def _is_refused(owner: User, key: str, path: str) -> bool:
    return _with(owner, key, "GET", path).status_code == 401


@pytest.mark.contract("decision 42", "identity §8.4")
@pytest.mark.parametrize("chosen", [True, False])
def test_a_change_of_the_password_ends_keys_when_asked_to(owner: User, chosen: bool) -> None:
    key = owner.rotate_key()
    assert owner.post("auth/send-identity-code/").status_code == 200
    body = {
        "current_password": owner.password,
        "new_password": NEW_PASSWORD,
        "identity_code": owner.api.code_for(owner.email),
    }
    changed = owner.post("auth/change-password/", body | ({"revoke_api_keys": True} if chosen else {}))
    assert changed.status_code == 200
    assert _with(owner, key, "GET", "settings/").status_code == (401 if chosen else 200)


@pytest.mark.contract("decision 42")
def test_openapi_says_which_credentials_a_route_takes(api: Api) -> None:
    paths = api.get("openapi.json").json()["paths"]
    assert paths["/api/v1/auth/api-keys/"]["post"]["security"] == [{"session": []}]
    assert paths["/api/v1/settings/"]["get"]["security"] == [{"session": []}, {"apiKey": []}, {"program": ["profile"]}]
    assert {"program": ["notes:read", "notes:write"]} in paths["/api/v1/notes/"]["post"]["security"]
    assert paths["/api/v1/settings/"]["patch"]["security"] == [{"session": []}, {"apiKey": []}]
    session_only = [
        (method, path)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if isinstance(operation, dict) and operation.get("security") == [{"session": []}]
    ]
    assert len(session_only) == len(FORBIDDEN)
