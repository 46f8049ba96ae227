"""Addresses that users give lead nowhere but to the public internet, on the socket level (planner §5.2 Safety)."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any
from unittest import mock

import httpcore
import pytest
from services.planner.tests.calls import subscribe
from services.planner.tests.feed_server import SEMINAR, FeedServer
from tests.support.client import User

from notechondria_shared.web import address_guard as guard
from notechondria_shared.web.address_guard import REFUSED, UNKNOWN
from notechondria_shared.web.public_addresses import is_public
from planner_service.calendar_sources.fetch import Fetcher, FetchFailed


@pytest.mark.contract("planner §5.2", "planner §11")
@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::200e"])
def test_public_addresses_are_allowed(text: str) -> None:
    assert is_public(text)


INNER_ADDRESSES = [
    "0.0.0.0",  # noqa: S104 - to be refused
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "2606:4700::5efe:127.0.0.1",
    # Global up to 3.13, or up to 3.11.9 and 3.12.3, or from then on.
    "3fff::1",
    "2001:1::1",
    "2001:4:112::1",
    "2001:20::1",
    "192.0.0.9",
    "::ffff:224.0.0.1",
    # Assigned to nobody, or to the inside of networks.
    "100:0:0:1::1",
    "5f00::1",
    "4000::1",
    "8000::1",
    "127.1",
    "localhost",
    "",
]


@pytest.mark.contract("planner §5.2", "planner §11")
@pytest.mark.parametrize("text", INNER_ADDRESSES)
def test_inner_addresses_are_refused(text: str) -> None:
    assert not is_public(text)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Something that must never be connected to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def assert_untouched(listener: socket.socket) -> None:
    with pytest.raises(BlockingIOError):
        listener.accept()


async def fetch(url: str, answers: list[list[str]], *allowed: str) -> str | None:
    """What is fetched with a name server that gives one answer after the other."""
    remaining = iter(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return next(remaining)

    fetcher = Fetcher(allowed, 1.0, resolve)
    try:
        return (await fetcher.fetch(url)).text
    finally:
        await fetcher.close()


def test_certificates_are_read_once_and_not_before_the_first_calendar() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return [host]

    async def story() -> None:
        fetcher = Fetcher((), 1.0, resolve)
        assert not read.called
        for _ in range(2):
            with pytest.raises(FetchFailed):
                await fetcher.fetch("http://10.0.0.1/calendar.ics")
        await fetcher.close()
        await Fetcher((), 1.0, resolve).close()
        assert read.call_count == 1

    with mock.patch("httpcore.default_ssl_context", wraps=httpcore.default_ssl_context) as read:
        asyncio.run(story())


class Connections:
    """Every address that a socket of this thread was asked to connect to while it is open.

    Other threads belong to the stack: they watch its services and its bus.
    """

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self._thread = threading.get_ident()
        self._is_open = True
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._is_open and event == "socket.connect" and threading.get_ident() == self._thread:
            self.seen.append(arguments[1])

    def close(self) -> None:
        self._is_open = False  # a hook cannot be taken back


@pytest.fixture(scope="module")
def every_connection() -> Iterator[Connections]:
    """The connections of this thread."""
    opened = Connections()
    yield opened
    opened.close()


@pytest.fixture
def connections(every_connection: Connections) -> list[Any]:
    """The connections of this thread from now on."""
    every_connection.seen.clear()
    return every_connection.seen


@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize("address", [text for text in INNER_ADDRESSES if "." in text or ":" in text])
def test_no_socket_connects_to_an_inner_address(connections: list[Any], address: str) -> None:
    host = f"[{address}]" if ":" in address and "%" not in address else "harmless.example"
    for url in (f"http://{host}:8080/t.ics", "https://harmless.example/t.ics"):
        with pytest.raises(FetchFailed, match=REFUSED):
            asyncio.run(fetch(url, [[address]]))
    assert connections == []


@pytest.mark.contract("planner §5.2")
def test_a_socket_that_connects_is_seen(connections: list[Any], feeds: FeedServer) -> None:
    url, _ = feeds.page(SEMINAR)
    assert asyncio.run(fetch(url, [["127.0.0.1"]], "127.0.0.1")) == SEMINAR
    assert connections == [("127.0.0.1", feeds.port)]


@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize("answers", [["127.0.0.1"], ["::ffff:127.0.0.1", "127.0.0.1"], ["10.1.2.3", "127.0.0.1"], []])
def test_what_a_name_leads_to_is_checked(listener: socket.socket, answers: list[str]) -> None:
    with pytest.raises(FetchFailed, match=REFUSED):
        asyncio.run(fetch(f"http://harmless.example:{port_of(listener)}/t.ics", [answers]))
    assert_untouched(listener)


@pytest.mark.contract("planner §5.2")
def test_a_second_answer_of_the_name_server_is_never_asked_for(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 127.0.0.2 stands for a public address: the name leads there when it is checked, and to 127.0.0.1 from then on.
    monkeypatch.setattr(guard, "is_public", lambda address: address == "127.0.0.2")
    with socket.create_server(("127.0.0.2", port_of(listener))) as checked:
        checked.settimeout(5)
        with pytest.raises(FetchFailed, match="did not answer"):
            asyncio.run(fetch(f"http://rebound.example:{port_of(listener)}/t.ics", [["127.0.0.2"], ["127.0.0.1"]]))
        checked.accept()[0].close()
    assert_untouched(listener)


@pytest.mark.contract("planner §5.2")
def test_a_redirect_to_the_same_name_is_checked_again(
    listener: socket.socket, connections: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "is_public", lambda address: address == "127.0.0.2")
    server = FeedServer("127.0.0.2")
    try:
        url, page = server.page(status=302, headers={"Location": f"http://rebound.example:{port_of(listener)}/t.ics"})
        url = url.replace("127.0.0.1", "rebound.example")
        with pytest.raises(FetchFailed, match=REFUSED):
            asyncio.run(fetch(url, [["127.0.0.2"], ["127.0.0.1"]]))
        assert len(page.asked) == 1
    finally:
        server.close()
    assert connections == [("127.0.0.2", server.port)]
    assert_untouched(listener)


@pytest.mark.contract("planner §5.2")
def test_proxies_of_the_environment_are_not_used(
    listener: socket.socket, feeds: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port_of(listener)}")
    url, _ = feeds.page(SEMINAR)
    assert asyncio.run(fetch(url, [["127.0.0.1"]], "127.0.0.1")) == SEMINAR
    assert_untouched(listener)


@pytest.mark.contract("planner §5.2")
def test_another_name_for_an_allowed_host_is_not_allowed(listener: socket.socket) -> None:
    with pytest.raises(FetchFailed, match=REFUSED):
        asyncio.run(fetch(f"http://other.example:{port_of(listener)}/", [["127.0.0.1"]], "127.0.0.1"))
    assert_untouched(listener)


@pytest.fixture(scope="module")
def inner() -> Iterator[int]:
    """Listeners in the inner network; the test ends by proving that nothing has connected."""
    with socket.create_server(("0.0.0.0", 0)) as four:  # noqa: S104 - every spelling of this machine leads to it
        port: int = four.getsockname()[1]
        servers = [four]
        try:
            six = socket.socket(socket.AF_INET6)
            six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            six.bind(("::", port))
            six.listen()
            servers.append(six)
        except OSError:
            pass  # a machine without IPv6
        yield port
        for server in servers:
            server.setblocking(False)
            with pytest.raises(BlockingIOError):
                server.accept()
            server.close()


INNER_HOSTS = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "127.0.0.2",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",  # noqa: S104 - to be refused
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.0.1",
    "168.63.129.16",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[64:ff9b:1::7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fe80::5efe:127.0.0.1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "①②⑦.⓪.⓪.②",
    "user@127.0.0.2",
]


REFUSALS = {REFUSED, UNKNOWN, "Its address cannot be used."}


@pytest.mark.contract("planner §5.2", "planner §11")
@pytest.mark.parametrize("host", INNER_HOSTS)
def test_addresses_of_the_inner_network_are_refused(eve: User, inner: int, host: str) -> None:
    feed = subscribe(eve, f"http://{host}:{inner}/t.ics")
    eve.delete(f"calendar-feeds/{feed['id']}/")
    assert feed["last_error"] in REFUSALS, feed
    assert feed["entry_count"] == 0


@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize(
    ("status", "host"),
    [*((302, host) for host in INNER_HOSTS), *((status, "localhost") for status in (301, 303, 307, 308))],
)
def test_redirects_into_the_inner_network_are_refused(
    eve: User, feeds: FeedServer, inner: int, status: int, host: str
) -> None:
    location = f"http://{host}:{inner}/t.ics".encode().decode("latin-1")
    url, page = feeds.page(status=status, headers={"Location": location})
    feed = subscribe(eve, url)
    eve.delete(f"calendar-feeds/{feed['id']}/")
    assert feed["last_error"] in REFUSALS, feed
    assert (len(page.asked), feed["entry_count"]) == (1, 0)
