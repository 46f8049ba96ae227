"""Addresses of calendars and the networks they may lie in: pure rules (planner §3.2, §4, §5.2)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner_service.calendar_feeds.urls import normalised, web_address
from planner_service.calendar_sources import guard
from planner_service.calendar_sources.addresses import is_public
from planner_service.calendar_sources.fetch import Fetcher, FetchFailed
from planner_service.calendar_sources.guard import REFUSED
from planner_service.calendar_sources.schedule import Schedule

ICAL = "https://calendar.google.com/calendar/ical"
LAB = f"{ICAL}/lab42%40group.calendar.google.com/public/basic.ics"
MARIA = f"{ICAL}/maria.ortiz%40gmail.com/public/basic.ics"
PAGE = "https://calendar.google.com/calendar"

TABLE = [
    ("", ""),
    (LAB, LAB),
    (f"{ICAL}/me%40x.org/private-0a1b/basic.ics", f"{ICAL}/me%40x.org/private-0a1b/basic.ics"),
    (f"{PAGE}/embed?src=lab42%40group.calendar.google.com&ctz=Europe%2FRome", LAB),
    (f"{PAGE}/u/0/r?cid=bGFiNDJAZ3JvdXAuY2FsZW5kYXIuZ29vZ2xlLmNvbQ", LAB),
    (f"{PAGE}?cid=bWFyaWEub3J0aXpAZ21haWwuY29t", MARIA),
    (f"{PAGE}/u/0/r/week", f"{PAGE}/u/0/r/week"),
    (f"{PAGE}/embed?src=&cid=bWFyaWEub3J0aXpAZ21haWwuY29t", MARIA),
    (f"{PAGE}/r?cid=a", f"{PAGE}/r?cid=a"),
    ("https://p77-caldav.icloud.com/published/2/XYZ", "https://p77-caldav.icloud.com/published/2/XYZ"),
    ("https://outlook.office365.com/owa/calendar/u1/calendar.ics",) * 2,
    ("https://campus.example/timetable.ics?term=2",) * 2,
    # Beyond the contract's examples: its rules.
    (f"{PAGE}/embed?src=a%2Fb%2Bc&cid=bWFyaWEub3J0aXpAZ21haWwuY29t", f"{ICAL}/a%2Fb%2Bc/public/basic.ics"),
    ("HTTPS://Calendar.Google.com/calendar/embed?src=x", f"{ICAL}/x/public/basic.ics"),
    ("http://[::1", "http://[::1"),
    ("https://calendar.google.com@campus.example/embed?src=x",) * 2,
    (f"{PAGE}/embed?src=a.b-c_d~e%21", f"{ICAL}/a.b-c_d~e%21/public/basic.ics"),
]


@pytest.mark.parametrize(("given", "expected"), TABLE)
def test_4_table(given: str, expected: str) -> None:
    assert normalised(given) == expected
    assert normalised(expected) == expected


anything = st.text(st.characters(categories=None), max_size=60)


@given(anything)
def test_4_any_text_is_answered(text: str) -> None:
    for address in (
        text,
        f"{PAGE}?cid={text}",
        f"{PAGE}/embed?src={text}",
        f"https://{text}@calendar.google.com/r?src=x",
    ):
        assert isinstance(normalised(address), str)
        assert normalised(normalised(address)) == normalised(address)
    assert web_address(text) is None or "://" in text


@pytest.mark.parametrize(
    "text",
    [
        "https://campus.example/t.ics",
        "http://campus.example:8080/t.ics?a=b#c",
        "https://user:secret@cloud.example/t.ics",
        "https://münchen.example/t.ics",
        "http://nextcloud/t.ics",
        "http://127.0.0.1/t.ics",
        "http://[2001:db8::1]/t.ics",
        "HTTPS://CAMPUS.EXAMPLE",
    ],
)
def test_3_2_addresses_of_the_web(text: str) -> None:
    assert web_address(text) == text


def test_3_2_webcal_is_https() -> None:
    assert web_address("webcal://p77-caldav.icloud.com/published/2/X") == "https://p77-caldav.icloud.com/published/2/X"


NO_ADDRESSES = [
    "timetable",
    "campus.example/t.ics",
    "//campus.example/t.ics",
    "ftp://campus.example/t.ics",
    "ftps://campus.example/t.ics",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://",
    "http:///t.ics",
    "http://campus.example:x/t.ics",
    "http://campus.example:99999/t.ics",
    "http://campus .example/t.ics",
    "http://campus.example/a b",
    "http://-campus.example/",
    "http://camp\\us.example/",
    "http://[::1/",
    "http://campus..example/",
    "http://a\tb.example/",
]


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_3_2_no_addresses(text: str) -> None:
    assert web_address(text) is None


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::200e"])
def test_5_2_public_addresses(text: str) -> None:
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
    "127.1",
    "localhost",
    "",
]


@pytest.mark.parametrize("text", INNER_ADDRESSES)
def test_5_2_inner_addresses(text: str) -> None:
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


async def fetch(url: str, answers: list[list[str]], *allowed: str) -> None:
    """Fetch with a name server that gives one answer after the other."""
    remaining = iter(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return next(remaining)

    fetcher = Fetcher(allowed, 1.0, resolve)
    try:
        await fetcher.fetch(url)
    finally:
        await fetcher.close()


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["::ffff:127.0.0.1", "127.0.0.1"], ["10.1.2.3", "127.0.0.1"], []])
def test_5_2_what_a_name_leads_to_is_checked(listener: socket.socket, answers: list[str]) -> None:
    with pytest.raises(FetchFailed, match=REFUSED):
        asyncio.run(fetch(f"http://harmless.example:{port_of(listener)}/t.ics", [answers]))
    assert_untouched(listener)


def test_5_2_a_second_answer_of_the_name_server_is_never_asked_for(
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


def test_5_2_another_name_for_an_allowed_host_is_not_allowed(listener: socket.socket) -> None:
    with pytest.raises(FetchFailed, match=REFUSED):
        asyncio.run(fetch(f"http://other.example:{port_of(listener)}/", [["127.0.0.1"]], "127.0.0.1"))
    assert_untouched(listener)


def test_refresh_within_the_limits_of_the_operator() -> None:
    schedule = Schedule(3600, 900, 86400)
    assert 3200 < schedule.after_success(None) < 4000
    assert schedule.after_success(1) == 900
    assert schedule.after_success(10**9) == 86400
    assert 6400 < schedule.after_success(7200) < 8000
    waits = [schedule.after_failure(failures) for failures in range(1, 20)]
    assert 60 <= waits[0] <= 66
    assert waits[3] > 450
    assert waits[-1] == 86400
    assert schedule.after_failure(1, 5000) == 5000
    assert schedule.after_failure(1, 10**9) == 86400
