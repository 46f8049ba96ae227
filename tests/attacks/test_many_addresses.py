"""Whoever has one IPv6 address has 2^64 of them: everything that counts by address counts a /64 as one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import httpx
import pytest

from notechondria_launcher.stack import Stack
from notechondria_shared.core.forwarded import client_network
from tests.support.client import Api
from tests.support.gateway import another_gateway
from tests.support.replica import another

PER_MINUTE = 20
TRIES = 60


@pytest.fixture(scope="module")
def gateway(stack: Stack) -> Iterator[str]:
    """A gateway that believes the tests when they name their clients."""
    with another_gateway(stack, AUTH_RATE_PER_MINUTE=str(PER_MINUTE), TRUSTED_PROXIES="127.0.0.1") as running:
        yield running.url


def _network() -> str:
    return f"2001:db8:{secrets.randbelow(65536):x}:{secrets.randbelow(65536):x}"


def _try(url: str, address: str, **body: str) -> int:
    headers = {"X-Forwarded-For": address}
    body = {"identifier": f"nobody-{secrets.token_hex(4)}", "password": "Wrong-horse-7"} | body
    return httpx.post(f"{url}/api/v1/auth/login/", json=body, headers=headers, trust_env=False).status_code


def test_the_gateway_counts_a_network(gateway: str) -> None:
    network = _network()
    statuses = [_try(gateway, f"{network}::{number + 1:x}") for number in range(TRIES)]
    assert statuses.count(429) >= TRIES - PER_MINUTE - 5, statuses
    assert _try(gateway, f"{_network()}::1") == 400  # another network


def test_all_bits_below_the_network_count_as_one(gateway: str) -> None:
    network = _network()
    statuses = [_try(gateway, f"{network}:{secrets.token_hex(2)}:{secrets.token_hex(2)}::7") for _ in range(TRIES)]
    assert statuses.count(429) >= TRIES - PER_MINUTE - 5, statuses


def test_spraying_passwords_over_accounts_is_counted_by_network(stack: Stack) -> None:
    """One password for many accounts, each from another address of one /64 (decision 30)."""
    network = _network()
    with another(stack, "identity", ACCOUNT_RATE_PER_MINUTE="4") as url:
        statuses = [_try(url, f"{network}::{number + 1:x}") for number in range(TRIES)]
        assert statuses.count(429) >= TRIES - 4 * 5 - 5, statuses
        assert _try(url, f"{_network()}::1") == 400


def test_devices_of_one_network_look_alike(api: Api, stack: Stack) -> None:
    user = api.register()
    network = _network()
    with another(stack, "identity") as url:
        for suffix in ("1", "2", "ffff:1"):
            body = {"identifier": user.username, "password": user.password}
            headers = {"X-Forwarded-For": f"{network}::{suffix}"}
            answer = httpx.post(f"{url}/api/v1/auth/login/", json=body, headers=headers, trust_env=False)
            assert answer.status_code == 200
    rows = user.get("auth/sessions/").json()["sessions"]
    assert len({row["ip_hash_prefix"] for row in rows if row["id"] != rows[-1]["id"]}) <= 2


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_what_counts_as_one_client(address: str, network: str) -> None:
    assert client_network(address) == network
