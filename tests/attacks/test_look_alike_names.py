"""A name means one account, to operators as to people (decision 46)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from notechondria_launcher.stack import Stack
from tests.support.client import PASSWORD, Api, User
from tests.support.operator_command import operator_command
from tests.support.provider import Person, Provider


@pytest.fixture
def run(stack: Stack) -> Any:
    return operator_command(stack)


@pytest.fixture
def user(api: Api) -> User:
    return api.register()


@pytest.fixture(scope="module")
def boss(api: Api, stack: Stack) -> Iterator[User]:
    """A member of staff whose name has letters with many look-alikes."""
    member = api.sign_up(f"Sophia-{secrets.token_hex(3)}l")
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE users SET is_staff = true WHERE id = %s", (member.id,))
        yield member
        identity.execute("UPDATE users SET is_staff = false WHERE id = %s", (member.id,))


def renamed(user: User, name: str) -> list[str]:
    """What a change of the user name is refused for."""
    answer = user.patch("settings/", {"username": name})
    return [] if answer.status_code == 200 else list(answer.json())


def force_name(stack: Stack, user: User, name: str) -> None:
    """A name as it could be taken before."""
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE users SET username = %s WHERE id = %s", (name, user.id))


@pytest.mark.contract("decision 46")
def test_digits_are_an_id_and_never_a_name(api: Api, stack: Stack, run: Any, user: User) -> None:
    """An attacker is called like the id of somebody else."""
    attacker = api.register()
    force_name(stack, attacker, str(user.id))
    assert run("staff", "grant", str(user.id))["username"] == user.username
    assert run("staff", "revoke", str(user.id))["username"] == user.username
    assert attacker.get("settings/").json()["is_staff"] is False
    assert run("users", "disable", str(attacker.id))["id"] == attacker.id
    run("users", "disable", "9" * 30, code=1)


@pytest.mark.contract("decision 46")
def test_an_address_is_that_of_who_proved_it(api: Api, run: Any, user: User) -> None:
    """An attacker claims the address of somebody, and is called like that of somebody else."""
    attacker, other, free = api.register(), api.register(), f"free-{secrets.token_hex(4)}@example.org"
    assert attacker.patch("settings/", {"email": free, "username": other.email}).status_code == 200
    run("users", "disable", free, code=1)
    assert run("staff", "grant", other.email)["id"] == other.id
    assert run("staff", "revoke", other.email)["id"] == other.id
    # Nor do requests of the one pass for those of the other.
    assert "no account" in run("logs", "--user", free, code=1)
    (row,) = run("users", "list", "--search", free)["users"]
    assert (row["id"], row["email_verified"]) == (attacker.id, False)


@pytest.mark.contract("decision 46")
def test_the_administration_site_looks_for_the_same(api: Api, stack: Stack, user: User) -> None:
    attacker = api.register()
    free = f"free-{secrets.token_hex(4)}@example.org"
    assert attacker.patch("settings/", {"email": free}).status_code == 200
    for name, found in ((free, None), (user.email, user.id), (str(user.id), user.id), (user.username, user.id)):
        answer = api.http.get(
            f"{stack.service_url('identity')}/internal/staff/account",
            params={"name": name},
            headers=stack.internal_header("identity", "web"),
        )
        assert answer.json() == {"id": found}, name


@pytest.mark.contract("decision 46", "identity §7.1", "identity §11.1")
@pytest.mark.parametrize("name", ["93", "00042", "٣٤٥", "１２３", "1 2 3"])
def test_digits_alone_are_no_new_name(api: Api, user: User, name: str) -> None:
    assert renamed(user, name) == ["username"]
    body = {"username": name, "email": f"digits-{secrets.token_hex(4)}@example.org", "password": PASSWORD}
    assert list(api.post("auth/register/", body).json()) == ["username"]


@pytest.mark.contract("decision 46", "identity §11.1")
@pytest.mark.parametrize(
    "mark",
    ["\u200b", "\u200d", "\ufeff", "\u202e", "\u2066", "\u00ad", "\u0007", "\u2028", "\u3164", "\ufe0f", "\U000e0041"],
    ids=lambda mark: f"U+{ord(mark):04X}",
)
def test_what_nobody_sees_is_in_no_new_name(user: User, mark: str) -> None:
    assert renamed(user, f"mi{mark}ra-{secrets.token_hex(3)}") == ["username"]


@pytest.mark.contract("decision 46")
@pytest.mark.parametrize(
    "change",
    [
        ("o", "0"),
        ("o", "о"),
        ("a", "а"),
        ("i", "1"),
        ("i", "l"),
        ("l", "I"),
        ("p", "р"),
        ("o", "ο"),
        ("a", "ä"),
        ("Sophia", "Ｓｏｐｈｉａ"),
        ("Sophia", "𝐒𝐨𝐩𝐡𝐢𝐚"),
        ("-", "_"),
    ],
    ids=lambda change: "-".join(f"{ord(mark):04X}" for mark in "".join(change)[:2]),
)
def test_a_name_that_looks_like_that_of_staff_is_refused(user: User, boss: User, change: tuple[str, str]) -> None:
    name = boss.username.replace(*change)
    assert name != boss.username
    assert renamed(user, name) == ["username"]
    assert user.get("settings/").json()["username"] == user.username


@pytest.mark.contract("decision 46")
def test_nobody_registers_under_a_name_that_looks_like_that_of_staff(api: Api, boss: User) -> None:
    name = boss.username.replace("o", "0")
    body = {"username": name, "email": f"evil-{secrets.token_hex(4)}@example.org", "password": PASSWORD}
    assert list(api.post("auth/register/", body).json()) == ["username"]


@pytest.mark.contract("decision 46")
def test_staff_and_people_with_old_names_keep_theirs(api: Api, stack: Stack, user: User, boss: User) -> None:
    assert renamed(boss, boss.username.upper()) == []
    assert renamed(boss, boss.username.replace("-", "_")) == []
    assert renamed(boss, boss.username) == []
    old = str(secrets.randbelow(10**9) + 10**9)
    force_name(stack, user, old)
    answer = user.patch("settings/", {"username": old, "motto": "as ever"})
    assert (answer.status_code, answer.json()["motto"]) == (200, "as ever")
    # People who look like each other, but not like staff, are nobody's business.
    twin = api.register()
    assert renamed(twin, f"Mira0-{user.id}") == []
    assert renamed(api.register(), f"Mirao-{user.id}") == []


@pytest.mark.contract("decision 46", "identity §10.3")
def test_names_from_a_provider_are_cleaned(api: Api, provider: Provider, boss: User) -> None:
    def name_of(login: str, uid: str = "") -> str:
        person = Person(
            uid=uid or str(secrets.randbelow(10**9)), login=login, email=f"p-{secrets.token_hex(4)}@example.org"
        )
        return str(api.post("auth/github/", {"code": provider.add(person)}).json()["user"]["username"])

    handle = secrets.token_hex(3)
    assert name_of(f"mi\u200bra\u202e-{handle}") == f"mira-{handle}"
    digits, uid = str(secrets.randbelow(10**9) + 10**9), str(secrets.randbelow(10**9) + 10**9)
    assert name_of(digits, uid=uid) == f"github_{uid}"
    assert name_of(boss.username.replace("o", "0")) == boss.username.replace("o", "0") + "_1"
