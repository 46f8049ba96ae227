"""User names and passwords in the addresses of calendars: sent to their server, and shown to nobody."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from services.planner.tests.calls import change_feed, refresh_feed, subscribe, titles
from services.planner.tests.feed_server import SEMINAR, FeedServer, Page, vcalendar
from services.planner.tests.support import Tables
from tests.support.client import Api, User
from tests.support.keys import IDENTITY

from notechondria_launcher.stack import Stack
from notechondria_shared.core.encryption import UndecipherableError
from planner_service.calendar_sources.addresses import UNREADABLE, Addresses, without_credentials

PASSWORD = "s3cret%2Fwörd-7"


def guarded(feeds: FeedServer) -> tuple[str, str, Page]:
    """An address with credentials, the same without, and its page."""
    url, page = feeds.page(vcalendar(SEMINAR))
    return url.replace("://", f"://mira:{PASSWORD}@"), url, page


def authorization(page: Page) -> str:
    """The credentials of the last request."""
    return base64.b64decode(page.asked[-1]["authorization"].removeprefix("Basic ")).decode()


@pytest.mark.contract("planner §5.2", "planner §3.3")
def test_they_are_sent_and_never_shown(ann: User, feeds: FeedServer, tables: Tables, stack: Stack) -> None:
    address, url, page = guarded(feeds)
    feed = subscribe(ann, address)
    assert titles(ann) == ["Seminar"]
    assert authorization(page) == "mira:s3cret/wörd-7"
    assert (feed["source_url"], feed["has_credentials"]) == (url, True)
    kept: Any = tables.rows(
        "SELECT f::text AS feed, s::text AS source FROM planner.calendar_feeds f"
        " JOIN planner.calendar_sources s ON s.id = f.source_id WHERE f.id = %s",
        feed["id"],
    )
    assert "s3cret" not in str(kept)
    assert "mira:" not in str(kept)
    exported = ann.get("auth/account/export/").content
    assert b"s3cret" not in exported
    logs = [path for path in Path(stack.data).rglob("*.log") if path.is_file()]
    assert logs
    assert not [path for path in logs if b"s3cret" in path.read_bytes()]


@pytest.mark.contract("planner §3.2")
def test_an_address_sent_back_as_it_is_shown_keeps_them(ann: User, feeds: FeedServer) -> None:
    address, url, page = guarded(feeds)
    feed = subscribe(ann, address)
    again = change_feed(ann, feed, title="Campus", source_url=feed["source_url"])
    assert (again["has_credentials"], again["source_url"]) == (True, url)
    assert refresh_feed(ann, feed)["last_error"] is None
    assert authorization(page).startswith("mira:")
    # A text in between, and back.
    change_feed(ann, feed, raw_ical=vcalendar(SEMINAR.replace("Seminar", "Pasted")))
    back = change_feed(ann, feed, raw_ical="")
    assert (back["has_credentials"], titles(ann)) == (True, ["Seminar"])
    # Other ones, and none.
    change_feed(ann, feed, source_url=url.replace("://", "://mira:other@"))
    assert authorization(page) == "mira:other"
    emptied = change_feed(ann, feed, source_url="")
    assert (emptied["has_credentials"], emptied["source_url"]) == (False, None) or emptied["source_url"] == ""
    bare = change_feed(ann, feed, source_url=url)
    assert bare["has_credentials"] is False
    assert "authorization" not in page.asked[-1]


@pytest.mark.contract("planner §5.2")
def test_calendars_of_other_credentials_are_not_shared(ann: User, api: Api, feeds: FeedServer) -> None:
    address, url, page = guarded(feeds)
    subscribe(ann, address)
    eve = api.register()
    subscribe(eve, url)
    assert "authorization" not in page.asked[-1]
    subscribe(eve, url.replace("://", "://eve:guess@"))
    assert authorization(page) == "eve:guess"
    before = len(page.asked)
    subscribe(ann, address, title="Twice")
    assert len(page.asked) == before  # the same ones: one source


def test_with_another_key_they_are_asked_for_again(ann: User, feeds: FeedServer, tables: Tables) -> None:
    address, url, page = guarded(feeds)
    feed = subscribe(ann, address)
    other = Addresses(IDENTITY).split(address)
    for table, column in (("calendar_sources", "url"), ("calendar_feeds", "source_url")):
        tables.rows(f"UPDATE planner.{table} SET credentials = %s WHERE {column} = %s", other.credentials, url)
    asked = len(page.asked)
    assert refresh_feed(ann, feed)["last_error"] == UNREADABLE
    assert len(page.asked) == asked
    assert change_feed(ann, feed, source_url=address)["last_error"] is None


@pytest.mark.parametrize(
    ("address", "url", "credentials"),
    [
        ("https://a:b@host/x", "https://host/x", "a:b"),
        ("https://a@host", "https://host", "a"),
        ("https://a:b@host:81?u=c@d", "https://host:81?u=c@d", "a:b"),
        ("https://a:b%40c@[::1]:8/x@y", "https://[::1]:8/x@y", "a:b%40c"),
        ("https://host/a@b", "https://host/a@b", ""),
    ],
)
def test_an_address_is_taken_apart(address: str, url: str, credentials: str) -> None:
    assert without_credentials(address) == (url, credentials)
    addresses = Addresses(IDENTITY)
    split = addresses.split(address)
    assert addresses.whole(split.url, split.credentials) == address
    if credentials:
        with pytest.raises(UndecipherableError):
            addresses.whole("https://elsewhere.example/x", split.credentials)
