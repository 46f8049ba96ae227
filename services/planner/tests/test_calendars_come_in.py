"""How calendars of others come to us: in whatever characters and compression, by redirects; and how a feed is then."""

from __future__ import annotations

import gzip
import zlib
from datetime import UTC, datetime
from typing import Any

import brotli
import pytest
import zstandard
from services.planner.tests.calls import entries, feeds_of, refresh_feed, subscribe, titles
from services.planner.tests.feed_server import FeedServer, vcalendar, vevent
from tests.support.client import User

from planner_service.calendar_sources.content_encoding import decoded
from planner_service.calendars.decoding import GUESSED, decode
from planner_service.calendars.reading import read

MUSIC = vcalendar(vevent("20260506T080000Z", SUMMARY="Übung für Flöte – Ænima"))


@pytest.mark.contract("planner §5.3", "planner §5.2", "decision 56")
@pytest.mark.parametrize(
    ("body", "declared", "note"),
    [
        (MUSIC.encode().replace("ö".encode(), b"\xc3\r\n \xb6"), "", None),
        (MUSIC.encode().replace("–".encode(), b"\xe2\n\t\x80\r\n \x93"), "utf-8", None),
        (b"\xef\xbb\xbf" + MUSIC.encode(), "", None),
        (MUSIC.encode("utf-16"), "", None),
        (MUSIC.encode("utf-16-be"), "utf-16be", None),
        (MUSIC.encode("utf-32"), "", None),
        (MUSIC.encode("cp1252"), "windows-1252", None),
        (MUSIC.encode("cp1252"), "", GUESSED),
        (MUSIC.encode("cp1252"), "no-such-set", GUESSED),
        (MUSIC.encode("cp1252"), "utf-8", GUESSED),
        (MUSIC.encode(), "iso-8859-1", None),  # many servers say so of everything
    ],
)
def test_every_encoding_is_read(body: bytes, declared: str, note: str | None) -> None:
    text, said = decode(body, declared)
    assert said == note
    assert [row[3] for row in read(text, [2026], must_be_calendar=True).rows] == ["Übung für Flöte – Ænima"]


@pytest.mark.parametrize(
    ("charset", "title"),
    [("iso-2022-jp", "会議"), ("shift_jis", "会議"), ("koi8-r", "Лекция"), ("iso-8859-2", "Přednáška")],
)
def test_what_the_server_says_of_the_characters_counts(charset: str, title: str) -> None:
    text, note = decode(vcalendar(vevent("20260506T080000Z", SUMMARY=title)).encode(charset), charset)
    assert (title in text, note) == (True, None)


@pytest.mark.contract("planner §5.2")
def test_a_calendar_of_other_bytes_is_shown_with_a_note(ann: User, feeds: FeedServer) -> None:
    url, page = feeds.page(MUSIC)
    page.body = MUSIC.encode("cp1252")
    feed = subscribe(ann, url)
    assert titles(ann) == ["Übung für Flöte – Ænima"]
    assert (feed["last_error"], feed["health"]["ok"], feed["entry_count"]) == (GUESSED, True, 1)
    page.body, page.headers = (
        MUSIC.encode("iso-8859-15", "replace"),
        {"Content-Type": "text/calendar; charset=ISO-8859-15"},
    )
    assert refresh_feed(ann, feed)["last_error"] is None


ONE = vcalendar(vevent("20260506T080000Z", SUMMARY="Seminar"))


def _raw(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


ENCODED: dict[str, tuple[bytes, str]] = {
    "members": (gzip.compress(ONE[:40].encode()) + gzip.compress(ONE[40:].encode()), "gzip"),
    "padded members": (gzip.compress(ONE.encode()) + b"\0" * 30, "gzip"),
    "raw deflate": (_raw(ONE.encode()), "deflate"),
    "deflate": (zlib.compress(ONE.encode()), "deflate"),
    "brotli": (brotli.compress(ONE.encode()), "br"),
    "zstd": (zstandard.compress(ONE.encode()), "zstd"),
    "frames of zstd": (zstandard.compress(ONE[:40].encode()) + zstandard.compress(ONE[40:].encode()), "zstd"),
    "a charset": (ONE.encode(), "utf-8"),
    "none": (ONE.encode(), "none"),
    "binary": (ONE.encode(), "binary"),
    "twice": (gzip.compress(zlib.compress(ONE.encode())), "deflate, gzip"),
    "a file": (gzip.compress(ONE.encode()), ""),
}


@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize("name", ENCODED)
def test_every_way_of_compressing_is_read(name: str) -> None:
    body, encoding = ENCODED[name]
    assert decoded(body, encoding, 10_000) == ONE.encode()


@pytest.mark.contract("planner §5.2")
def test_compressed_calendars_come_over_http(ann: User, feeds: FeedServer) -> None:
    url, page = feeds.page(ONE)
    feed = subscribe(ann, url)
    assert {"gzip", "deflate", "br", "zstd"} <= set(page.asked[-1]["accept-encoding"].replace(",", " ").split())
    for body, encoding in ENCODED.values():
        page.body, page.headers = body, {"Content-Encoding": encoding} if encoding else {}
        assert refresh_feed(ann, feed)["last_error"] is None
    assert titles(ann) == ["Seminar"]


@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize(
    "headers",
    [
        {"Location": "{}"},
        {"Location": "{}?name=Übung|{{1}}"},
        {"Location": "{}", "Set-Cookie": "session=abc; Path=/; HttpOnly"},
    ],
)
def test_redirects_of_all_kinds_are_followed(ann: User, feeds: FeedServer, headers: dict[str, str]) -> None:
    url, page = feeds.page(ONE)
    # As bytes of UTF-8, which the server of this test can only write one by one.
    location = headers["Location"].format(url).encode().decode("latin-1")
    first, _ = feeds.page(b"", status=302, headers={**headers, "Location": location})
    feed = subscribe(ann, f"{first}?a={{b|c}}")
    assert (feed["last_error"], titles(ann)) == (None, ["Seminar"])
    assert page.asked[-1].get("cookie") == ("session=abc" if "Set-Cookie" in headers else None)


@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize("scheme", ["webcal", "WEBCALS"])
def test_a_redirect_to_webcal_is_one_to_https(ann: User, feeds: FeedServer, scheme: str) -> None:
    url, _ = feeds.page(ONE)
    first, _ = feeds.page(b"", status=301, headers={"Location": scheme + url.removeprefix("http")})
    assert (
        subscribe(ann, first)["last_error"] == "Its certificate is not valid."
    )  # it was asked by TLS, which it has not


@pytest.mark.contract("planner §3.3")
def test_the_health_of_a_feed(ann: User, feeds: FeedServer) -> None:
    url, page = feeds.page(ONE)
    feed = subscribe(ann, url)
    health: dict[str, Any] = feed["health"]
    assert (health["ok"], health["failing_since"], health["entries"]) == (True, None, 1)
    assert health["next_read"] > feed["last_sync"]
    page.status = 503
    first = refresh_feed(ann, feed)["health"]
    second = refresh_feed(ann, feed)["health"]
    assert (first["ok"], first["failing_since"]) == (second["ok"], second["failing_since"])
    assert not first["ok"]
    assert datetime.fromisoformat(first["failing_since"]) <= datetime.now(UTC)
    assert first["last_success"] == feed["last_sync"]
    page.status = 200
    assert refresh_feed(ann, feed)["health"]["failing_since"] is None
    assert len(feeds_of(ann)) == len(entries(ann)) == 1
