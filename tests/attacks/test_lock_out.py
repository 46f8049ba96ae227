"""Strangers who guess passwords do not keep the owner out (decision 30 and decision 45)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import pytest

from notechondria_launcher.stack import Stack
from tests.support.client import Api, User
from tests.support.direct_identity import DirectIdentity
from tests.support.replica import another

PER_MINUTE = 4
TOTAL = PER_MINUTE * 10
OWNER, NEW_PLACE = "192.0.2.10", "192.0.2.77"


@pytest.fixture(scope="module")
def direct(stack: Stack) -> Iterator[DirectIdentity]:
    with another(stack, "identity", ACCOUNT_RATE_PER_MINUTE=str(PER_MINUTE)) as url:
        yield DirectIdentity(url)


@pytest.fixture
def owner(api: Api, direct: DirectIdentity, stack: Stack) -> User:
    """Somebody who was signed in from `OWNER` before."""
    user = api.register()
    assert direct.sign_in(user.email, OWNER) == 200
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("DELETE FROM rate_buckets")
    return user


def strangers(direct: DirectIdentity, name: str, tries: int) -> list[int]:
    """Wrong passwords for an account, each network with as many as it may."""
    prefix = f"2001:db8:{secrets.randbelow(65536):x}"
    return [direct.sign_in(name, f"{prefix}:{number // PER_MINUTE:x}::1", "Wrong-horse-7") for number in range(tries)]


@pytest.mark.contract("decision 30")
def test_ten_wrong_passwords_a_minute_do_not_keep_the_owner_out(direct: DirectIdentity, owner: User) -> None:
    statuses = [direct.sign_in(owner.email, "198.51.100.66", "Wrong-horse-7") for _ in range(10)]
    assert statuses == [400] * PER_MINUTE + [429] * (10 - PER_MINUTE)
    assert direct.sign_in(owner.email, OWNER) == 200
    # Nor from a place where the owner never was.
    assert direct.sign_in(owner.email, NEW_PLACE) == 200
    # The stranger does not get in with the right one either, for now.
    assert direct.sign_in(owner.email, "198.51.100.66") == 429


@pytest.mark.contract("decision 30")
def test_many_networks_stop_unknown_devices_alone(direct: DirectIdentity, owner: User) -> None:
    statuses = strangers(direct, owner.username, TOTAL + 8)
    assert statuses[:TOTAL] == [400] * TOTAL
    assert 429 in statuses[TOTAL:]  # a token of the total comes back every second or two
    # What is left is used up, whoever comes first.
    while direct.sign_in(owner.email, f"203.0.113.{secrets.randbelow(250) + 1}", "Wrong-horse-7") != 429:
        pass
    assert direct.sign_in(owner.email, OWNER) == 200
    assert direct.sign_in(owner.username, OWNER) == 200


@pytest.mark.contract("decision 30")
def test_a_device_stays_known_after_its_sessions_ended(direct: DirectIdentity, owner: User, stack: Stack) -> None:
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE sessions SET revoked_at = now() WHERE user_id = %s", (owner.id,))
    strangers(direct, owner.email, TOTAL)
    assert direct.sign_in(owner.email, OWNER) == 200


@pytest.mark.contract("decision 30")
def test_a_known_network_guesses_no_more_than_any_other(direct: DirectIdentity, owner: User) -> None:
    statuses = [direct.sign_in(owner.email, OWNER, "Wrong-horse-7") for _ in range(PER_MINUTE + 3)]
    assert statuses == [400] * PER_MINUTE + [429] * 3


@pytest.mark.contract("decision 30")
def test_a_device_of_one_account_is_a_stranger_to_another(direct: DirectIdentity, owner: User, api: Api) -> None:
    other = api.register()
    strangers(direct, other.email, TOTAL)
    while direct.sign_in(other.email, f"203.0.113.{secrets.randbelow(250) + 1}", "Wrong-horse-7") != 429:
        pass
    statuses = [direct.sign_in(other.email, OWNER, "Wrong-horse-7") for _ in range(2)]
    assert 429 in statuses
    assert direct.sign_in(owner.email, OWNER) == 200


@pytest.mark.contract("decision 30")
def test_an_administrator_is_not_kept_out_of_the_site(direct: DirectIdentity, stack: Stack, owner: User) -> None:
    """The administration site signs in for a client it names (docs/admin.md)."""
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE users SET is_staff = true WHERE id = %s", (owner.id,))
    strangers(direct, owner.email, TOTAL)
    answer = owner.api.http.post(
        f"{direct.url}/internal/staff/sign-in",
        json={"identifier": owner.email, "password": owner.password, "user_agent": "", "address": OWNER},
        headers=stack.internal_header("identity", "web"),
    )
    assert answer.status_code == 201, answer.text
