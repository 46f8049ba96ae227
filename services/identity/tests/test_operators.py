"""Operators' commands, run as an operator runs them (identity §17)."""

from __future__ import annotations

import secrets
from typing import Any

import psycopg
import pytest
from tests.support.client import PASSWORD, Api, eventually
from tests.support.operator_command import operator_command

from notechondria_launcher.stack import Stack


@pytest.fixture
def run(stack: Stack) -> Any:
    return operator_command(stack)


@pytest.mark.contract("identity §17", "identity §13")
def test_invitations_are_made_by_the_operator(api: Api, run: Any) -> None:
    code = secrets.token_hex(6)
    made = run("invitations", "create", code, "--label", "for friends", "--max-uses", "2")
    try:
        assert (made["label"], made["max_uses"], made["times_used"]) == ("for friends", 2, 0)
        assert "exists" in run("invitations", "create", code, code=1)
        body = {"invitation_code": code}
        assert api.post("auth/validate-invitation/", body).json() == {"required": True, "valid": True}
        name = f"guest-{secrets.token_hex(3)}"
        wanted = {"username": name, "email": f"{name}@example.org", "password": PASSWORD, **body}
        assert api.post("auth/register/", wanted).status_code == 201
        assert run("invitations", "list")["invitations"][0]["times_used"] == 1
        run("invitations", "expire", str(made["id"]))
        assert api.post("auth/validate-invitation/", body).json() == {"required": True, "valid": False}
        run("invitations", "expire", "999999", code=1)
    finally:
        with psycopg.connect(api.stack.database_url("identity"), autocommit=True) as identity:
            identity.execute("DELETE FROM invitations")


@pytest.mark.contract("identity §17")
def test_an_address_beats_a_user_name_that_reads_the_same(api: Api, run: Any) -> None:
    trickster, victim = api.register(), api.register()
    assert trickster.patch("settings/", {"username": victim.email}).status_code == 200
    # A user name may look like any address; whoever has the address is meant.
    assert run("users", "disable", victim.email)["id"] == victim.id
    assert trickster.get("settings/").status_code == 200
    assert "no such account" in run("users", "disable", "²", code=1)


@pytest.mark.contract("identity §17")
def test_an_account_is_disabled_and_enabled(api: Api, run: Any) -> None:
    user = api.register()
    assert user.get("planner-events/").status_code == 200  # cached there now
    key = {"Authorization": f"Bearer {user.rotate_key()}"}
    assert api.get("notes/deleted/", headers=key).status_code == 200
    assert run("users", "disable", user.username.upper())["status"] == "disabled"
    eventually(lambda: user.get("planner-events/").status_code == 401, seconds=5)
    eventually(lambda: api.get("notes/deleted/", headers=key).status_code == 401, seconds=5)
    assert api.get("notes/deleted/", headers=key).json() == {"detail": "User account is disabled."}
    assert api.post("auth/login/", {"email": user.email, "password": PASSWORD}).status_code == 400
    assert run("users", "enable", user.email)["status"] == "active"
    assert api.post("auth/login/", {"email": user.email, "password": PASSWORD}).status_code == 200
    assert user.get("planner-events/").status_code == 401  # the old session is over


@pytest.mark.contract("identity §17")
def test_staff_is_granted_and_revoked(api: Api, run: Any) -> None:
    user = api.register()
    assert run("staff", "grant", str(user.id))["is_staff"] is True
    assert user.get("settings/").json()["is_staff"] is True
    assert run("staff", "revoke", user.username)["is_staff"] is False
    assert user.get("settings/").json()["is_staff"] is False


@pytest.mark.contract("identity §17")
def test_accounts_are_listed_and_deleted(api: Api, run: Any) -> None:
    user = api.register()
    user.post("notes/", {"title": "Mine", "content": "soon gone"})
    (row,) = run("users", "list", "--search", user.username[:-1])["users"]
    assert (row["id"], row["status"]) == (user.id, "active")
    assert "hash" not in str(row)
    assert run("users", "list", "--search", "no_such%name")["users"] == []
    assert run("users", "delete", user.username, "--yes")["id"] == user.id
    eventually(lambda: user.get("notes/deleted/").status_code == 401, seconds=5)
    run("users", "delete", user.username, "--yes", code=1)


@pytest.mark.contract("identity §17")
def test_an_operator_gives_a_code_by_hand(api: Api, run: Any) -> None:
    name = f"late-{secrets.token_hex(3)}"
    email = f"{name}@example.org"
    api.post("auth/register/", {"username": name, "email": email, "password": PASSWORD})
    code = run("code", name, "register")["code"]
    assert api.post("auth/verify-email/", {"email": email, "code": code}).status_code == 200
    reset = run("code", email, "password_reset")["code"]
    body = {"email": email, "code": reset, "password": "another one 2"}
    assert api.post("auth/password-reset/confirm/", body).status_code == 200
    assert "kind" in run("code", name, "nonsense", code=1)
