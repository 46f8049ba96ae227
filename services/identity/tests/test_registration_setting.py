"""Who may register (decision 61), and accounts that operators open themselves."""

from __future__ import annotations

import html
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from tests.support.admin import enter, make_staff
from tests.support.client import PASSWORD, Api, eventually
from tests.support.operator_command import operator_command
from tests.support.replica import another

from notechondria_launcher.stack import Stack


@pytest.fixture
def run(stack: Stack) -> Any:
    return operator_command(stack)


@contextmanager
def identity_with(stack: Stack, **settings: str) -> Iterator[httpx.Client]:
    with (
        another(stack, "identity", **settings) as url,
        httpx.Client(base_url=f"{url}/api/v1/", trust_env=False, timeout=30) as client,
    ):
        yield client


def person() -> dict[str, str]:
    name = f"new-{secrets.token_hex(4)}"
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD}


@pytest.mark.contract("decision 61")
def test_nobody_registers_where_it_is_closed(stack: Stack, run: Any) -> None:
    with identity_with(stack, REGISTRATION="closed") as client:
        code = secrets.token_hex(6)
        invitation = run("invitations", "create", code)["id"]
        try:
            answer = client.post("auth/validate-invitation/", json={"invitation_code": code})
            assert answer.json() == {"required": True, "valid": False}
            refused = client.post("auth/register/", json={**person(), "invitation_code": code})
            assert (refused.status_code, list(refused.json())) == (400, ["invitation_code"])
            assert "takes no new accounts" in refused.json()["invitation_code"][0]
        finally:
            with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
                identity.execute("DELETE FROM invitations WHERE id = %s", (invitation,))


@pytest.mark.contract("decision 61")
def test_only_who_is_invited_registers_where_it_says_so(stack: Stack, run: Any) -> None:
    with identity_with(stack, REGISTRATION=" Invitation ") as client:
        assert client.post("auth/validate-invitation/", json={}).json() == {"required": True, "valid": False}
        refused = client.post("auth/register/", json=person())
        assert refused.json() == {"invitation_code": ["This field is required."]}
        code = secrets.token_hex(6)
        invitation = run("invitations", "create", code)["id"]
        try:
            assert client.post("auth/register/", json={**person(), "invitation_code": code}).status_code == 201
            assert client.post("auth/register/", json={**person(), "invitation_code": code}).status_code == 400
        finally:
            with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
                identity.execute("DELETE FROM invitations WHERE id = %s", (invitation,))


def test_an_operator_opens_an_account_and_sets_its_password(api: Api, run: Any, tmp_path: Path) -> None:
    new = person()
    secret = tmp_path / "password"
    secret.write_text("First-password-1\n")
    made = run("users", "create", new["username"], new["email"], "--password-file", str(secret))
    assert (made["status"], made["email_verified"], made["is_staff"]) == ("active", True, False)
    assert "password" not in made
    signed_in = api.post("auth/login/", {"email": new["email"], "password": "First-password-1"})
    assert signed_in.status_code == 200
    token = {"Authorization": f"Token {signed_in.json()['token']}"}
    # The other services know the account: it has its Inbox.
    eventually(lambda: len(api.get("courses/", headers=token).json()) > 0)

    drawn = run("users", "set-password", new["username"])["password"]
    assert api.get("settings/", headers=token).status_code == 401
    assert api.post("auth/login/", {"email": new["email"], "password": "First-password-1"}).status_code == 400
    assert api.post("auth/login/", {"email": new["username"], "password": drawn}).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "no spaces"}, "username"),
        ({"username": "admin"}, "username"),
        ({"email": "no address"}, "email"),
        ({"password": "short"}, "password"),
    ],
)
def test_what_no_account_can_have_is_refused(run: Any, tmp_path: Path, changes: dict[str, str], field: str) -> None:
    new = person() | changes
    secret = tmp_path / "password"
    secret.write_text(new["password"])
    said = run("users", "create", new["username"], new["email"], "--password-file", str(secret), code=1)
    assert f"{field}:" in said
    assert "Nothing was changed." in said


def test_what_is_taken_is_refused(api: Api, run: Any) -> None:
    user = api.register()
    said = run("users", "create", user.username.upper(), user.email, code=1)
    assert "username: This user name is taken." in said
    assert "email: An account has this address." in said
    assert "no such account" in run("users", "set-password", "nobody-at-all", code=1)


def test_a_password_can_come_from_standard_input(stack: Stack) -> None:
    new = person()
    command = ["users", "create", new["username"], new["email"], "--password-file", "-", "--data", str(stack.data)]
    done = subprocess.run(
        [sys.executable, "-m", "notechondria_launcher", *command],
        input="Piped-in-password-1\n", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Piped" not in done.stdout + done.stderr
    assert "may sign in" in done.stdout


def test_staff_opens_accounts_on_the_site_too(api: Api) -> None:
    new = person()
    with enter(api, make_staff(api, api.register())) as site:
        refused = site.post("users/new/", username="admin", email=new["email"])
        assert refused.status_code == 400
        made = site.post("users/new/", username=new["username"], email=new["email"], is_staff="on", password="X")
        assert made.status_code == 303
        address = made.headers["location"].removeprefix("/admin/")
        key = int(address.split("/")[1])
        shown = site.post(f"users/{key}/set-password/").text
        password = re.search(r'class="code">([^<]+)<', shown)
        assert password, shown
    signed_in = api.post("auth/login/", {"email": new["email"], "password": html.unescape(password[1])})
    assert signed_in.status_code == 200
    assert signed_in.json()["user"]["is_staff"] is False
