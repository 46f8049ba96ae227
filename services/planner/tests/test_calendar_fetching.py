"""Fetching calendars: once for everybody, conditionally, and in time for the very next week (planner §5.2)."""

from __future__ import annotations

import gzip
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest
from services.planner.tests.calls import change_feed, create_feed, feeds_of, refresh_feed, subscribe, titles
from services.planner.tests.crowd import crowd
from services.planner.tests.feed_server import FeedServer, of_one, vcalendar, vevent
from services.planner.tests.support import Tables
from tests.support.client import Api, User, eventually

from notechondria_launcher.stack import Stack

USERS = 250
"""Who have the same calendar."""


@pytest.mark.contract("planner §5.2", "planner §5.1", "planner §12.4")
def test_headers_and_the_very_next_week(ann: User, feeds: FeedServer) -> None:
    url, page = feeds.page(of_one())
    feed = subscribe(ann, url)
    assert titles(ann) == ["Seminar"]
    assert (feed["entry_count"], feed["last_error"], feed["import_summary"]["ok"]) == (1, None, True)
    assert len(page.asked) == 1
    assert page.asked[0]["user-agent"] == "Notechondria/0.1 (+calendar-feed)"
    assert page.asked[0]["accept"] == "text/calendar, */*;q=0.1"
    assert page.asked[0]["host"] == url.split("/")[2]


@pytest.mark.contract("planner §5.2")
def test_an_edited_feed_is_there_in_the_very_next_week(ann: User, feeds: FeedServer) -> None:
    feed = subscribe(ann, feeds.page(of_one("Old"))[0])
    change_feed(ann, feed, source_url=feeds.page(of_one("New"))[0])
    assert titles(ann) == ["New"]


@pytest.mark.contract("planner §5.2")
def test_a_feed_switched_on_is_there_in_the_very_next_week(ann: User, feeds: FeedServer, tables: Tables) -> None:
    url, page = feeds.page(of_one("Old"))
    feed = subscribe(ann, url, is_enabled=False)
    tables.rows("UPDATE planner.calendar_sources SET next_read_at = now() - interval '1 day' WHERE url = %s", url)
    time.sleep(0.5)
    assert len(page.asked) == 1, "nobody wants it: it is not fetched"
    page.body = of_one("New").encode()
    change_feed(ann, feed, is_enabled=True)
    assert titles(ann) == ["New"]


@pytest.mark.contract("planner §5.2")
@pytest.mark.timeout(300)
def test_hundreds_of_users_of_one_address_make_one_fetch(
    api: Api, stack: Stack, feeds: FeedServer, tables: Tables
) -> None:
    url, page = feeds.page(of_one(), delay=0.1, etag='"one"')
    with crowd(stack, api, USERS) as users, ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda user: subscribe(user, url), users))
        assert {(feed["entry_count"], feed["last_error"]) for feed in made} == {(1, None)}
        assert len(page.asked) == 1
        assert tables.count("calendar_feeds", source_url=url) == USERS
        assert tables.count("calendar_sources", url=url) == 1
        page.body, page.etag = of_one("New").encode(), '"two"'
        tables.make_due(url)
        eventually(lambda: titles(users[0]) == ["New"])
        assert {tuple(titles(user)) for user in users[1::25]} == {("New",)}
        assert "if-none-match" in page.asked[1]
        assert len(page.asked) == 2
        assert tables.source(url)["next_read_at"] > datetime.now(UTC) + timedelta(minutes=14)
        tables.rows("DELETE FROM planner.calendar_feeds WHERE source_url = %s", url)


@pytest.mark.contract("planner §5.2", "decision 35")
def test_calendars_are_fetched_conditionally_in_the_background(ann: User, feeds: FeedServer, tables: Tables) -> None:
    url, page = feeds.page(of_one("Old"), etag='"one"')
    page.headers["Last-Modified"] = "Wed, 21 Oct 2026 07:28:00 GMT"
    feed = subscribe(ann, url)
    tables.make_due(url)
    eventually(lambda: len(page.asked) == 2)
    assert page.asked[1]["if-none-match"] == '"one"'
    assert page.asked[1]["if-modified-since"] == "Wed, 21 Oct 2026 07:28:00 GMT"
    eventually(lambda: feeds_of(ann)[0]["last_sync"] > feed["last_sync"])
    assert titles(ann) == ["Old"]
    page.body, page.etag = of_one("New").encode(), '"two"'
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


@pytest.mark.contract("planner §1.2")
def test_refresh_on_demand(ann: User, feeds: FeedServer) -> None:
    url, page = feeds.page(of_one("Old"))
    feed = subscribe(ann, url)
    page.body = of_one("New").encode()
    assert titles(ann) == ["Old"]
    again = refresh_feed(ann, feed)
    assert titles(ann) == ["New"]
    assert again["last_sync"] > feed["last_sync"]
    assert {**again, "last_sync": ""} == {**feeds_of(ann)[0], "last_sync": ""}
    text = create_feed(ann, raw_ical=of_one("Pasted"))
    assert refresh_feed(ann, text)["entry_count"] == 1
    assert refresh_feed(ann, create_feed(ann))["last_sync"] is None


@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "bom", "chunks"])
def test_compressed_and_chunked_calendars_are_read(eve: User, feeds: FeedServer, encoding: str) -> None:
    body = of_one().encode()
    headers = {}
    if encoding == "bom":
        body = b"\xef\xbb\xbf" + body
    elif encoding != "chunks":
        body = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
        headers["Content-Encoding"] = encoding
    feed = subscribe(eve, feeds.page(body, headers=headers)[0])
    assert (feed["entry_count"], feed["last_error"]) == (1, None)


@pytest.mark.contract("planner §5.2")
def test_redirects_are_followed_and_credentials_sent(eve: User, feeds: FeedServer) -> None:
    target, page = feeds.page(of_one())
    hop, first = feeds.page(status=301, headers={"Location": target.partition(str(feeds.port))[2]})
    feed = subscribe(eve, hop.replace("http://", "http://ann:s%40cret@"))
    assert feed["entry_count"] == 1
    assert first.asked[0]["authorization"] == "Basic YW5uOnNAY3JldA=="
    assert page.asked[0]["authorization"] == "Basic YW5uOnNAY3JldA=="
    with FeedServerElsewhere() as other:
        away, asked = other.page(of_one())
        feed = subscribe(eve, feeds.page(status=302, headers={"Location": away})[0].replace("://", "://ann:secret@"))
        assert feed["entry_count"] == 1
        assert "authorization" not in asked.asked[0], "another server gets no password"


class FeedServerElsewhere(FeedServer):
    """Another port is another origin."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.mark.contract("planner §5.2", "planner §11")
def test_feeds_that_hang_do_not_delay_the_week(ann: User, feeds: FeedServer, tables: Tables) -> None:
    subscribe(ann, feeds.page(of_one())[0])
    slow = [feeds.page(of_one(f"Slow {n}")) for n in range(3)]
    for url, _ in slow:
        subscribe(ann, url)
    released = threading.Event()

    def hang(url: str) -> Any:
        return lambda: released.wait(5)

    for url, page in slow:
        page.before = hang(url)

    def are_read() -> bool:
        return all(tables.source(url)["claimed_until"] is not None for url, _ in slow)

    def answers_meanwhile() -> bool:
        """Whether a week was answered from beginning to end while all three were waited for."""
        for url, _ in slow:
            if tables.source(url)["claimed_until"] is None:
                tables.make_due(url)
        eventually(are_read)
        shown = sorted(titles(ann))
        assert shown == ["Seminar", "Slow 0", "Slow 1", "Slow 2"]
        return are_read()

    try:
        eventually(answers_meanwhile, seconds=30)
    finally:
        released.set()
