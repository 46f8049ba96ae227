"""Addresses of calendars and when they are read: pure rules (planner §3.2, §4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner_service.calendar_feeds.urls import normalised, web_address
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
    # Python 3.14 reads on behind a `=`, those before it do not.
    (f"{PAGE}?cid=bWFyaWEub3J0aXpAZ21haWwuY29tCg%3D%3DYQ%3D%3D", MARIA),
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


@pytest.mark.contract("planner §4")
@pytest.mark.parametrize(("given", "expected"), TABLE)
def test_addresses_are_normalised_as_in_the_table(given: str, expected: str) -> None:
    assert normalised(given) == expected
    assert normalised(expected) == expected


anything = st.text(st.characters(categories=None), max_size=60)


@pytest.mark.contract("planner §4")
@given(anything)
def test_any_text_is_normalised_without_an_error(text: str) -> None:
    for address in (
        text,
        f"{PAGE}?cid={text}",
        f"{PAGE}/embed?src={text}",
        f"https://{text}@calendar.google.com/r?src=x",
    ):
        assert isinstance(normalised(address), str)
        assert normalised(normalised(address)) == normalised(address)
    assert web_address(text) is None or "://" in text


@pytest.mark.contract("planner §3.2")
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
def test_web_addresses_are_taken(text: str) -> None:
    assert web_address(text) == text


@pytest.mark.contract("planner §3.2", "decision 34")
def test_webcal_becomes_https() -> None:
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


@pytest.mark.contract("planner §3.2")
@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_web_address_is_refused(text: str) -> None:
    assert web_address(text) is None


def test_refresh_within_the_limits_of_the_operator() -> None:
    schedule = Schedule(3600, 900, 86400)
    assert 3200 < schedule.after_success(None) < 4000
    assert len({schedule.after_success(None) for _ in range(20)}) > 1, "feeds that were made together spread out"
    assert schedule.after_success(1) == 900
    assert schedule.after_success(10**9) == 86400
    assert 6400 < schedule.after_success(7200) < 8000
    waits = [schedule.after_failure(failures) for failures in range(1, 20)]
    assert 60 <= waits[0] <= 66
    assert waits[3] > 450
    assert waits[-1] == 86400
    assert schedule.after_failure(1, 5000) == 5000
    assert schedule.after_failure(1, 10**9) == 86400
