"""Fetching calendars: once for everybody, conditionally, to public addresses only (planner §5.2)."""

from __future__ import annotations

import gzip
import socket
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest
from services.planner.tests.calls import change_feed, create_feed, feeds_of, refresh_feed, subscribe, titles
from services.planner.tests.feed_server import FeedServer, vcalendar, vevent
from services.planner.tests.support import Tables
from tests.support.client import User, eventually

from notechondria_local.stack import Stack
from planner_service.calendar_sources.guard import REFUSED, UNKNOWN


def calendar(title: str = "Seminar") -> str:
    return vcalendar(vevent("20260505T093000Z", SUMMARY=title))


def test_5_2_headers_and_the_very_next_week(ann: User, feeds: FeedServer) -> None:
    url, page = feeds.page(calendar())
    feed = subscribe(ann, url)
    assert titles(ann) == ["Seminar"]
    assert (feed["entry_count"], feed["last_error"], feed["import_summary"]["ok"]) == (1, None, True)
    assert len(page.asked) == 1
    assert page.asked[0]["user-agent"] == "Notechondria/0.1 (+calendar-feed)"
    assert page.asked[0]["accept"] == "text/calendar, */*;q=0.1"
    assert page.asked[0]["host"] == url.split("/")[2]


def test_5_2_an_edited_feed_is_there_in_the_very_next_week(ann: User, feeds: FeedServer) -> None:
    feed = subscribe(ann, feeds.page(calendar("Old"))[0])
    change_feed(ann, feed, source_url=feeds.page(calendar("New"))[0])
    assert titles(ann) == ["New"]


def test_5_2_a_feed_switched_on_is_there_in_the_very_next_week(ann: User, feeds: FeedServer, tables: Tables) -> None:
    url, page = feeds.page(calendar("Old"))
    feed = subscribe(ann, url, is_enabled=False)
    tables.rows("UPDATE planner.calendar_sources SET next_read_at = now() - interval '1 day' WHERE url = %s", url)
    time.sleep(0.5)
    assert len(page.asked) == 1, "nobody wants it: it is not fetched"
    page.body = calendar("New").encode()
    change_feed(ann, feed, is_enabled=True)
    assert titles(ann) == ["New"]


def test_5_2_many_users_of_one_address_make_one_fetch(ann: User, ben: User, feeds: FeedServer, tables: Tables) -> None:
    url, page = feeds.page(calendar(), delay=0.3)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: subscribe((ann, ben)[n % 2], url), range(8)))
    assert {feed["entry_count"] for feed in made} == {1}
    assert len(page.asked) == 1
    tables.rows(
        "INSERT INTO planner.calendar_feeds (user_id, title, source_kind, source_url, source_id, is_enabled, "
        "date_created, last_edit) SELECT 800000000 + n, 'T', 'S', %s, s.id, true, now(), now() "
        "FROM generate_series(1, 1000) n, planner.calendar_sources s WHERE s.url = %s",
        url,
        url,
    )
    tables.make_due(url)
    eventually(lambda: len(page.asked) == 2)
    time.sleep(1)
    assert len(page.asked) == 2
    tables.rows("DELETE FROM planner.calendar_feeds WHERE user_id > 800000000 AND user_id <= 800001000")


def test_5_2_conditional_in_the_background(ann: User, feeds: FeedServer, tables: Tables) -> None:
    url, page = feeds.page(calendar("Old"), etag='"one"')
    page.headers["Last-Modified"] = "Wed, 21 Oct 2026 07:28:00 GMT"
    feed = subscribe(ann, url)
    tables.make_due(url)
    eventually(lambda: len(page.asked) == 2)
    assert page.asked[1]["if-none-match"] == '"one"'
    assert page.asked[1]["if-modified-since"] == "Wed, 21 Oct 2026 07:28:00 GMT"
    eventually(lambda: feeds_of(ann)[0]["last_sync"] > feed["last_sync"])
    assert titles(ann) == ["Old"]
    page.body, page.etag = calendar("New").encode(), '"two"'
    tables.make_due(url)
    eventually(lambda: titles(ann) == ["New"])


@pytest.mark.parametrize(
    ("line", "shortest", "longest"),
    [
        ("X-NOTHING:1", 3200, 4000),
        ("REFRESH-INTERVAL;VALUE=DURATION:PT4H", 12900, 15900),
        ("X-PUBLISHED-TTL:PT1M", 890, 901),
        ("X-PUBLISHED-TTL:P4W", 86300, 86401),
    ],
)
def test_refresh_interval(eve: User, feeds: FeedServer, tables: Tables, line: str, shortest: int, longest: int) -> None:
    url, _ = feeds.page(vcalendar(line, vevent("20260505T093000Z")))
    subscribe(eve, url)
    due = tables.source(url)["next_read_at"]
    assert timedelta(seconds=shortest) < due - datetime.now(UTC) < timedelta(seconds=longest)


def test_refresh_on_demand(ann: User, feeds: FeedServer) -> None:
    url, page = feeds.page(calendar("Old"))
    feed = subscribe(ann, url)
    page.body = calendar("New").encode()
    assert titles(ann) == ["Old"]
    again = refresh_feed(ann, feed)
    assert titles(ann) == ["New"]
    assert again["last_sync"] > feed["last_sync"]
    assert {**again, "last_sync": ""} == {**feeds_of(ann)[0], "last_sync": ""}
    text = create_feed(ann, raw_ical=calendar("Pasted"))
    assert refresh_feed(ann, text)["entry_count"] == 1
    assert refresh_feed(ann, create_feed(ann))["last_sync"] is None


def test_failures_keep_what_was_read_and_back_off(ann: User, feeds: FeedServer, tables: Tables) -> None:
    url, page = feeds.page(calendar())
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
    page.status = 200
    assert refresh_feed(ann, feed)["last_error"] is None


def test_a_failure_of_before_is_no_reason_not_to_try(ann: User, ben: User, feeds: FeedServer) -> None:
    url, page = feeds.page(calendar(), status=500)
    assert subscribe(ann, url)["last_error"] == "The server answered 500."
    page.status = 200
    assert subscribe(ben, url)["import_summary"]["ok"]
    assert titles(ann) == titles(ben) == ["Seminar"]


def test_a_reading_that_a_stop_interrupts_is_made_again(
    ann: User, feeds: FeedServer, tables: Tables, stack: Stack
) -> None:
    url, page = feeds.page(calendar("Old"))
    subscribe(ann, url)
    page.body, page.delay = calendar("New").encode(), 1.0
    tables.make_due(url)
    eventually(lambda: len(page.asked) == 2)
    stack.restart_part("planner")
    page.delay = 0
    eventually(lambda: titles(ann) == ["New"])


FAILURES: dict[str, tuple[dict[str, Any], str]] = {
    "not found": ({"status": 404}, "The server answered 404."),
    "sign-in page": ({"body": b"<html>Sign in</html>"}, "There is no calendar in it (BEGIN:VCALENDAR is missing)."),
    "latin-1": ({"body": b"BEGIN:VCALENDAR\xe4"}, "It is not encoded in UTF-8."),
    "too large": ({"body": b"BEGIN:VCALENDAR\n" + b"x" * 10_500_000}, "It is larger than 10 MB."),
    "bomb": (
        {"body": gzip.compress(b"\0" * 40_000_000), "headers": {"Content-Encoding": "gzip"}},
        "It is larger than 10 MB.",
    ),
    "brotli": ({"headers": {"Content-Encoding": "br"}}, "It is compressed in a way that is not known (br)."),
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


@pytest.mark.parametrize("name", FAILURES)
def test_5_2_failures_are_named_and_the_week_goes_on(eve: User, feeds: FeedServer, name: str) -> None:
    fields, reason = FAILURES[name]
    feed = subscribe(eve, feeds.page(**fields)[0])
    assert feed["last_error"].startswith(reason)
    assert feed["import_summary"] == {"ok": False, "count": 0, "events": [], "error": feed["last_error"]}
    assert eve.get("activity/week/").status_code == 200
    eve.delete(f"calendar-feeds/{feed['id']}/")


def test_5_2_unreachable_is_201_all_the_same(eve: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    feed = subscribe(eve, f"http://127.0.0.1:{port}/t.ics")
    assert feed["last_error"] == "It cannot be reached."
    assert subscribe(eve, f"https://127.0.0.1:{port}/t.ics")["last_error"] == "It cannot be reached."


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "bom", "chunks"])
def test_5_2_encodings(eve: User, feeds: FeedServer, encoding: str) -> None:
    body = calendar().encode()
    headers = {}
    if encoding == "bom":
        body = b"\xef\xbb\xbf" + body
    elif encoding != "chunks":
        body = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
        headers["Content-Encoding"] = encoding
    feed = subscribe(eve, feeds.page(body, headers=headers)[0])
    assert (feed["entry_count"], feed["last_error"]) == (1, None)


def test_5_2_redirects_and_credentials(eve: User, feeds: FeedServer) -> None:
    target, page = feeds.page(calendar())
    hop, first = feeds.page(status=301, headers={"Location": target.partition(str(feeds.port))[2]})
    feed = subscribe(eve, hop.replace("http://", "http://ann:s%40cret@"))
    assert feed["entry_count"] == 1
    assert first.asked[0]["authorization"] == "Basic YW5uOnNAY3JldA=="
    assert page.asked[0]["authorization"] == "Basic YW5uOnNAY3JldA=="
    with FeedServerElsewhere() as other:
        away, asked = other.page(calendar())
        feed = subscribe(eve, feeds.page(status=302, headers={"Location": away})[0].replace("://", "://ann:secret@"))
        assert feed["entry_count"] == 1
        assert "authorization" not in asked.asked[0], "another server gets no password"


class FeedServerElsewhere(FeedServer):
    """Another port is another origin."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
    "[fe80::1]",
    "[fc00::1]",
    "①②⑦.⓪.⓪.②",
    "user@127.0.0.2",
]


@pytest.mark.parametrize("host", INNER_HOSTS)
def test_5_2_addresses_of_the_inner_network_are_refused(eve: User, inner: int, host: str) -> None:
    feed = subscribe(eve, f"http://{host}:{inner}/t.ics")
    assert feed["last_error"] in {REFUSED, UNKNOWN, "Its address cannot be used."}, feed
    assert feed["entry_count"] == 0


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "2130706433"])
def test_5_2_redirects_into_the_inner_network_are_refused(eve: User, feeds: FeedServer, inner: int, host: str) -> None:
    url, page = feeds.page(status=302, headers={"Location": f"http://{host}:{inner}/t.ics"})
    assert subscribe(eve, url)["last_error"] == REFUSED
    assert len(page.asked) == 1


def test_5_2_feeds_that_hang_do_not_delay_the_week(ann: User, feeds: FeedServer, tables: Tables) -> None:
    subscribe(ann, feeds.page(calendar())[0])
    for n in range(3):
        url, page = feeds.page(calendar(f"Slow {n}"))
        subscribe(ann, url)
        page.delay = 4.0
        tables.make_due(url)
        eventually(lambda page=page: len(page.asked) == 2)
    begun = time.monotonic()
    assert sorted(titles(ann)) == ["Seminar", "Slow 0", "Slow 1", "Slow 2"]
    assert time.monotonic() - begun < 1


def test_5_2_secrets_of_addresses_are_not_logged(eve: User, feeds: FeedServer, stack: Stack) -> None:
    url, _ = feeds.page(status=500)
    subscribe(eve, url.replace("://", "://ann:hush-hush@") + "?key=very-secret-key")
    log = stack.log("planner").read_text()
    assert "failed 1 times: The server answered" in log
    assert "hush-hush" not in log
    assert "very-secret-key" not in log
