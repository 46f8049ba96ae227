"""Deleting an account that signs in with Google or GitHub (decision 51), against a provider over real HTTP."""

from __future__ import annotations

import secrets
from typing import Any

import psycopg
import pytest
from services.identity.tests.oauth_calls import BOTH, headers, sign_in, someone
from tests.support.client import PASSWORD, Api
from tests.support.provider import Provider

from notechondria_launcher.stack import Stack


def _delete(api: Api, signed_in: dict[str, Any], **body: Any) -> Any:
    return api.request("DELETE", "auth/account/", headers=headers(signed_in), json=body)


def _age(stack: Stack, user_id: int, table: str, column: str, age: str) -> None:
    """Make the rows of somebody older than they are."""
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as database:
        database.execute(f"UPDATE {table} SET {column} = {column} - %s::interval WHERE user_id = %s", (age, user_id))


@pytest.mark.contract("decision 51")
@BOTH
def test_an_account_without_a_password_is_deleted_by_a_fresh_sign_in_of_its_provider(
    api: Api, provider: Provider, stack: Stack, name: str
) -> None:
    person = someone()
    old = sign_in(api, provider, name, person).json()
    _age(stack, old["user"]["id"], "sessions", "created_at", "5 minutes")
    for body in ({}, {"password": PASSWORD}, {"password": ""}):
        refused = _delete(api, old, **body)
        assert refused.status_code == 400, refused.text
    assert "sign in with your provider once more" in _delete(api, old).json()["detail"]
    fresh = sign_in(api, provider, name, person).json()
    assert _delete(api, old).status_code == 400  # the other session's sign-in does not count for this one
    assert _delete(api, fresh).status_code == 204
    assert sign_in(api, provider, name, person, intent="login").status_code == 404


@pytest.mark.contract("decision 51")
def test_an_account_without_a_password_is_deleted_by_a_mailed_code(api: Api, provider: Provider, stack: Stack) -> None:
    person = someone()
    mine = sign_in(api, provider, "github", person).json()
    _age(stack, mine["user"]["id"], "sessions", "created_at", "1 hour")
    assert api.post("auth/send-identity-code/", {}, headers=headers(mine)).status_code == 200
    code = api.code_for(person.email)
    wrong = _delete(api, mine, identity_code=f"{(int(code) + 1) % 10**6:06d}")
    assert (wrong.status_code, list(wrong.json())) == (400, ["detail"])
    assert _delete(api, mine, identity_code=code).status_code == 204


@pytest.mark.contract("decision 51")
def test_a_stolen_session_does_not_delete_by_a_provider_or_an_address_of_its_own(
    api: Api, provider: Provider, stack: Stack
) -> None:
    """Somebody links their own identity to the account, or writes their own address into its settings."""
    mine = sign_in(api, provider, "github", someone(email="")).json()
    user_id = mine["user"]["id"]
    _age(stack, user_id, "sessions", "created_at", "1 hour")
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as database:
        database.execute("UPDATE users SET date_joined = date_joined - interval '1 hour' WHERE id = %s", (user_id,))
    thief = someone()
    bound = api.post("auth/bind/google/", {"code": provider.add(thief)}, headers=headers(mine))
    assert bound.status_code < 300, bound.text
    signed_in = sign_in(api, provider, "google", thief).json()
    assert signed_in["user"]["id"] == user_id
    assert _delete(api, signed_in).status_code == 400
    claimed = f"thief-{secrets.token_hex(4)}@example.org"
    assert api.request("PATCH", "settings/", json={"email": claimed}, headers=headers(mine)).status_code == 200
    if api.post("auth/send-identity-code/", {}, headers=headers(mine)).status_code == 200:
        assert _delete(api, mine, identity_code=api.code_for(claimed)).status_code == 400


@pytest.mark.contract("decision 51")
def test_an_account_with_a_password_is_deleted_by_its_password_alone(api: Api, provider: Provider) -> None:
    user = api.register()
    person = someone(email=user.email)
    linked = sign_in(api, provider, "github", person).json()
    assert linked["user"]["id"] == user.id
    assert list(_delete(api, linked).json()) == ["password"]
    user.post("auth/send-identity-code/", {})
    assert list(_delete(api, linked, identity_code=api.code_for(user.email)).json()) == ["password"]
    assert _delete(api, linked, password=PASSWORD).status_code == 204
