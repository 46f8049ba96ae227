"""Feeds that cannot be read: what is reported of them, what stays of them, when they are tried again (planner §5.2)."""

from __future__ import annotations

import gzip
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import brotli
import pytest
import zstandard
from services.planner.tests.calls import refresh_feed, subscribe, titles
from services.planner.tests.feed_server import FeedServer, of_one, vcalendar, vevent
from services.planner.tests.support import Tables
from tests.support.client import User

from notechondria_launcher.stack import Stack
from planner_service.calendar_sources.fetch import retry_after
from planner_service.settings import PlannerSettings


def test_failures_keep_what_was_read_and_back_off(ann: User, feeds: FeedServer, tables: Tables) -> None:
    url, page = feeds.page(of_one())
    feed = subscribe(ann, url)
    page.status = 500
    failed = refresh_feed(ann, feed)
    assert (failed["last_error"], failed["last_sync"], failed["entry_count"]) == (
        "The server answered 500.",
        feed["last_sync"],
        1,
    )
    assert titles(ann) == ["Seminar"]
    for least in (100, 220):
        refresh_feed(ann, feed)
        assert tables.source(url)["next_read_at"] - datetime.now(UTC) > timedelta(seconds=least)
    page.headers["Retry-After"] = "7200"
    refresh_feed(ann, feed)
    assert tables.source(url)["next_read_at"] - datetime.now(UTC) > timedelta(seconds=7000)
    page.headers["Retry-After"] = format_datetime(datetime.now(UTC) + timedelta(hours=9), usegmt=True)
    refresh_feed(ann, feed)
    assert tables.source(url)["next_read_at"] - datetime.now(UTC) > timedelta(hours=8)
    page.status = 200
    assert refresh_feed(ann, feed)["last_error"] is None


PASSING: dict[str, dict[str, Any]] = {
    **{f"{status}": {"status": status} for status in (304, 408, 425, 429, 500, 502, 503, 504)},
    "hangs": {"delay": 4.0},
    "broken gzip": {"body": b"nonsense", "headers": {"Content-Encoding": "gzip"}},
    "redirect without end": {"status": 302, "headers": {"Location": "?"}},
}
FINAL: dict[str, dict[str, Any]] = {
    **{f"{status}": {"status": status} for status in (400, 401, 403, 404, 410, 451)},
    "sign-in page": {"body": b"<html>Sign in</html>"},
    "too large": {"body": b"BEGIN:VCALENDAR\n" + b"x" * 10_500_000},
    "elsewhere": {"status": 302, "headers": {"Location": "http://10.0.0.1/"}},
    "not of the web": {"status": 302, "headers": {"Location": "ftp://x.example/"}},
}


@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize("name", PASSING)
def test_a_failure_that_may_pass_is_bridged(ann: User, feeds: FeedServer, name: str) -> None:
    url, page = feeds.page(of_one())
    feed = subscribe(ann, url)
    vars(page).update(PASSING[name])
    failed = refresh_feed(ann, feed)
    assert failed["last_error"]
    assert (titles(ann), failed["entry_count"], failed["last_sync"]) == (["Seminar"], 1, feed["last_sync"])


@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize("name", FINAL)
def test_a_feed_that_is_refused_contributes_nothing(ann: User, feeds: FeedServer, name: str) -> None:
    url, page = feeds.page(of_one("Gone"), etag='"one"')
    series = vevent("20260506T080000Z", UID="u", RRULE="FREQ=DAILY;COUNT=2", SUMMARY="Gone too")
    page.body = vcalendar(series, vevent("20260505T093000Z", SUMMARY="Gone")).encode()
    feed = subscribe(ann, url)
    subscribe(ann, feeds.page(of_one("Other"))[0])
    assert titles(ann) == ["Gone", "Other", "Gone too", "Gone too"]
    before, page.etag = dict(vars(page)), '"two"'
    vars(page).update(FINAL[name])
    failed = refresh_feed(ann, feed)
    assert failed["last_error"]
    assert (failed["entry_count"], failed["last_sync"]) == (0, feed["last_sync"])
    assert titles(ann) == ["Other"]
    # Asked for whole the next time, for nothing was kept.
    vars(page).update(before)
    assert refresh_feed(ann, feed)["entry_count"] == 2
    assert "if-none-match" not in page.asked[-1]
    assert titles(ann) == ["Gone", "Other", "Gone too", "Gone too"]


@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Mon, 04 May 2026 10:01:00 GMT", 60.0),
        ("Mon, 04 May 2026 10:01:00 -0000", 60.0),
        ("Mon, 04 May 2026 09:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("9" * 20, None),
        ("Mon, 99 May 2026 10:01:00 GMT", None),
        (f"Mon, 04 May {'9' * 20} 10:01:00 GMT", None),
        (f"Mon, 04 May 2026 10:01:00 +{'9' * 20}", None),
    ],
)
def test_a_server_is_asked_again_when_it_said_so(text: str, seconds: float | None) -> None:
    assert retry_after(text, datetime(2026, 5, 4, 10, tzinfo=UTC)) == seconds


def test_a_failure_of_before_is_no_reason_not_to_try(ann: User, ben: User, feeds: FeedServer) -> None:
    url, page = feeds.page(of_one(), status=500)
    assert subscribe(ann, url)["last_error"] == "The server answered 500."
    page.status = 200
    assert subscribe(ben, url)["import_summary"]["ok"]
    assert titles(ann) == titles(ben) == ["Seminar"]


FAILURES: dict[str, tuple[dict[str, Any], str]] = {
    "not found": ({"status": 404}, "The server answered 404."),
    "sign-in page": ({"body": b"<html>Sign in</html>"}, "There is no calendar in it (BEGIN:VCALENDAR is missing)."),
    "too large": ({"body": b"BEGIN:VCALENDAR\n" + b"x" * 10_500_000}, "It is larger than 10 MB."),
    "bomb": (
        {"body": gzip.compress(b"\0" * 40_000_000, 1), "headers": {"Content-Encoding": "gzip"}},
        "It is larger than 10 MB.",
    ),
    "compress": (
        {"headers": {"Content-Encoding": "compress"}},
        "It is compressed in a way that is not known (compress).",
    ),
    "broken brotli": ({"body": b"nonsense", "headers": {"Content-Encoding": "br"}}, "Its compression is broken."),
    "broken zstd": ({"body": b"nonsense", "headers": {"Content-Encoding": "zstd"}}, "Its compression is broken."),
    "bomb of brotli": (
        {"body": brotli.compress(b"\0" * 40_000_000, quality=1), "headers": {"Content-Encoding": "br"}},
        "It is larger than 10 MB.",
    ),
    "bomb of zstd": (
        {"body": zstandard.compress(b"\0" * 40_000_000), "headers": {"Content-Encoding": "zstd"}},
        "It is larger than 10 MB.",
    ),
    "cut brotli": (
        {"body": brotli.compress(bytes(range(256)) * 9)[:90], "headers": {"Content-Encoding": "br"}},
        "The connection broke.",
    ),
    "broken gzip": ({"body": b"nonsense", "headers": {"Content-Encoding": "gzip"}}, "Its compression is broken."),
    "cut gzip": (
        {"body": gzip.compress(b"x" * 1000)[:20], "headers": {"Content-Encoding": "gzip"}},
        "The connection broke.",
    ),
    "hangs": ({"delay": 4.0}, "It did not answer within 2 s."),
    "redirect nowhere": ({"status": 302, "headers": {"Location": "ftp://x.example/"}}, "It redirects to an address"),
    "redirect without end": ({"status": 302, "headers": {"Location": "?"}}, "It redirects too often."),
    "unasked 304": ({"status": 304}, "The server answered 304."),
}


@pytest.mark.contract("planner §5.2", "planner §12.4")
@pytest.mark.parametrize("name", FAILURES)
def test_failures_are_named_and_the_week_goes_on(eve: User, feeds: FeedServer, name: str) -> None:
    fields, reason = FAILURES[name]
    feed = subscribe(eve, feeds.page(**fields)[0])
    assert feed["last_error"].startswith(reason)
    assert feed["import_summary"] == {"ok": False, "count": 0, "events": [], "error": feed["last_error"]}
    assert eve.get("activity/week/").status_code == 200
    eve.delete(f"calendar-feeds/{feed['id']}/")


@pytest.mark.contract("planner §5.2")
def test_unreachable_is_201_all_the_same(eve: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    feed = subscribe(eve, f"http://127.0.0.1:{port}/t.ics")
    assert feed["last_error"] == "It cannot be reached."
    assert subscribe(eve, f"https://127.0.0.1:{port}/t.ics")["last_error"] == "It cannot be reached."


@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize("code", [200, 404])
def test_a_failure_is_one_warning_in_the_log(
    ann: User, feeds: FeedServer, stack: Stack, tables: Tables, code: int
) -> None:
    feed = subscribe(ann, feeds.page("<html>Sign in</html>", status=code)[0])
    assert "error" not in ann.get("activity/week/").text
    named = f"calendars: source {tables.source_of(feed['id'])} (127.0.0.1) failed 1 times: {feed['last_error']}"
    lines = [line for line in stack.log("planner").read_text().splitlines() if named in line]
    assert len(lines) == 1
    assert "WARNING" in lines[0].upper()


@pytest.mark.contract("planner §5.2")
def test_secrets_of_addresses_are_not_logged(eve: User, feeds: FeedServer, stack: Stack) -> None:
    url, _ = feeds.page(status=500)
    subscribe(eve, url.replace("://", "://ann:hush-hush@") + "?key=very-secret-key")
    log = stack.log("planner").read_text()
    assert "failed 1 times: The server answered" in log
    assert "hush-hush" not in log
    assert "very-secret-key" not in log


@pytest.mark.contract("planner §5.2")
def test_ten_seconds_for_a_feed_unless_the_operator_says_otherwise() -> None:
    assert PlannerSettings.model_fields["calendar_fetch_seconds"].default == 10.0
