"""What happens to calendar sources in the background, and between replicas."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest
from pydantic import SecretStr
from services.planner.tests.calls import create_feed, feeds_of, refresh_feed, subscribe, titles
from services.planner.tests.feed_server import SEMINAR, FeedServer, vcalendar, vevent
from services.planner.tests.support import Tables
from sqlalchemy.ext.asyncio import AsyncSession
from tests.support.client import User, eventually
from tests.support.keys import KEY_SETTINGS, ONE_KEY, keys_of

from notechondria_launcher.stack import Stack
from notechondria_shared.db import Database
from planner_service.calendar_sources import store
from planner_service.calendar_sources.addresses import Addresses
from planner_service.calendar_sources.refresher import Refresher
from planner_service.calendars.reading import Reading
from planner_service.settings import PlannerSettings

Run = Callable[[Callable[[Refresher], Awaitable[None]]], None]


@pytest.fixture
def replica(stack: Stack) -> Run:
    """Runs something on a second replica of the planner, as far as calendars go."""
    settings = PlannerSettings(
        database_url=SecretStr(stack.database_url("planner")),
        service_key=SecretStr(ONE_KEY),
        service_public_keys=KEY_SETTINGS["SERVICE_PUBLIC_KEYS"],
        calendar_feed_allow_hosts=["127.0.0.1"],
        calendar_refresh_pause_seconds=0,
        calendar_fetch_seconds=60,
    )

    async def run(work: Callable[[Refresher], Awaitable[None]]) -> None:
        database = Database(settings)
        await database.open()
        refresher = Refresher(database, settings, Addresses(keys_of(stack, "planner")))
        try:
            await work(refresher)
        finally:
            await refresher.stop()
            await database.close()

    return lambda work: asyncio.run(run(work))


def test_sources_that_no_feed_names_are_swept_away(tables: Tables, replica: Run) -> None:
    old, fresh = secrets.token_hex(8), secrets.token_hex(8)
    for digest, age in ((old, "1 hour"), (fresh, "1 minute")):
        tables.rows(
            "INSERT INTO planner.calendar_sources (digest, body, entry_count, has_series, failures, touched_at) "
            "VALUES (%s, '', 0, false, 0, now() - %s::interval)",
            digest,
            age,
        )
    replica(lambda refresher: refresher._maintain())
    assert (tables.count("calendar_sources", digest=old), tables.count("calendar_sources", digest=fresh)) == (0, 1)
    tables.rows("DELETE FROM planner.calendar_sources WHERE digest = %s", fresh)


def test_a_new_year_is_expanded(ann: User, tables: Tables, replica: Run) -> None:
    year = datetime.now(UTC).year
    series = vevent(f"{year}0105T080000Z", UID=ann.username, RRULE="FREQ=MONTHLY")
    source_id = tables.source_of(create_feed(ann, raw_ical=vcalendar(series))["id"])
    assert tables.count("calendar_occurrences", source_id=source_id, year=year + 1) == 12
    for table in ("calendar_years", "calendar_occurrences"):
        tables.rows(f"DELETE FROM planner.{table} WHERE source_id = %s AND year = %s", source_id, year + 1)
    replica(lambda refresher: refresher._maintain())
    assert tables.count("calendar_years", source_id=source_id) == 3
    assert tables.count("calendar_occurrences", source_id=source_id, year=year + 1) == 12
    assert tables.count("calendar_occurrences", source_id=source_id) == 24


def test_years_of_a_body_that_has_changed_are_not_kept(
    ann: User, tables: Tables, replica: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = datetime.now(UTC).year
    text = vcalendar(vevent(f"{year}0105T080000Z", UID=ann.username, RRULE="FREQ=MONTHLY"))
    source_id = tables.source_of(create_feed(ann, raw_ical=text)["id"])

    async def expand(refresher: Refresher) -> None:
        read = refresher._readers.read

        async def overtaken(*given: Any, **options: Any) -> Reading:
            reading = await read(*given, **options)
            assert len(reading.rows) == 12
            tables.rows("UPDATE planner.calendar_sources SET body = body || ' ' WHERE id = %s", source_id)
            return reading

        monkeypatch.setattr(refresher._readers, "read", overtaken)
        await refresher.expand(ann.id, [year + 5])
        assert tables.count("calendar_occurrences", source_id=source_id, year=year + 5) == 0
        monkeypatch.undo()
        await refresher.expand(ann.id, [year + 5])

    replica(expand)
    assert tables.count("calendar_occurrences", source_id=source_id, year=year + 5) == 12
    assert tables.count("calendar_years", source_id=source_id, year=year + 5) == 1


def test_replicas_make_one_fetch(ann: User, feeds: FeedServer, tables: Tables, replica: Run) -> None:
    url, page = feeds.page(vcalendar(vevent("20260505T093000Z")))
    feed = create_feed(ann, source_kind="S", source_url=url)
    source_id = tables.source_of(feed["id"])
    released = threading.Event()
    page.before = lambda: released.wait(60)

    async def both(refresher: Refresher) -> None:
        here = asyncio.create_task(refresher.refresh(source_id, 1))
        await asyncio.to_thread(eventually, lambda: len(page.asked) == 2)
        there = asyncio.create_task(asyncio.to_thread(refresh_feed, ann, feed))
        await asyncio.sleep(1.5)
        assert not there.done(), "it waits for the reading that is under way"
        released.set()
        await asyncio.gather(here, there)
        assert there.result()["last_sync"] > feed["last_sync"]

    replica(both)
    assert len(page.asked) == 2


def test_a_claim_of_a_dead_replica_is_taken_over(ann: User, feeds: FeedServer, tables: Tables, replica: Run) -> None:
    url, page = feeds.page(vcalendar(vevent("20260505T093000Z")))
    source_id = tables.source_of(create_feed(ann, source_kind="S", source_url=url)["id"])
    claim = "UPDATE planner.calendar_sources SET claimed_until = now() + %s::interval WHERE id = %s"
    tables.rows(claim, "-1 second", source_id)
    replica(lambda refresher: refresher.refresh(source_id, 1))
    assert len(page.asked) == 2
    assert tables.count("calendar_sources", id=source_id, failures=0) == 1


def test_a_reading_that_a_stop_interrupts_is_made_again(
    ann: User, feeds: FeedServer, tables: Tables, replica: Run
) -> None:
    url, page = feeds.page(SEMINAR)
    source_id = tables.source_of(subscribe(ann, url)["id"])
    released = threading.Event()
    # Only the interrupted one is held up; the next is answered at once.
    page.before = lambda: released.wait(60) if len(page.asked) == 2 else None
    page.body = SEMINAR.replace("Seminar", "New").encode()

    async def be_stopped(refresher: Refresher) -> None:
        attempt = asyncio.create_task(refresher.refresh(source_id, 1))
        await asyncio.to_thread(eventually, lambda: len(page.asked) == 2)
        assert tables.source(url)["claimed_until"] is not None
        # Due for everybody; but nobody else takes it as long as the claim holds.
        tables.make_due(url)
        attempt.cancel()

    replica(be_stopped)
    released.set()
    eventually(lambda: titles(ann) == ["New"])
    assert tables.source(url)["failures"] == 0


def test_a_claim_cancelled_while_it_is_made_is_given_up(
    ann: User, feeds: FeedServer, tables: Tables, replica: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = feeds.page(SEMINAR)
    source_id = tables.source_of(subscribe(ann, url)["id"])
    made: list[object] = []

    async def claim(db: AsyncSession, claimed: int, until: datetime) -> NoReturn:
        assert await real_claim(db, claimed, until)
        await db.commit()
        made.append(tables.source(url)["claimed_until"])
        raise asyncio.CancelledError

    real_claim = store.claim
    monkeypatch.setattr(store, "claim", claim)

    async def attempt(refresher: Refresher) -> None:
        with suppress(asyncio.CancelledError):
            await refresher.refresh(source_id, 1)

    replica(attempt)
    assert made[0] is not None
    assert tables.source(url)["claimed_until"] is None


def test_a_stop_leaves_the_claims_of_others_alone(ann: User, feeds: FeedServer, tables: Tables, replica: Run) -> None:
    url, page = feeds.page(SEMINAR)
    source_id = tables.source_of(subscribe(ann, url)["id"])
    tables.rows(
        "UPDATE planner.calendar_sources SET claimed_until = now() + interval '1 hour' WHERE id = %s", source_id
    )
    claimed = tables.source(url)["claimed_until"]

    async def wait_in_vain(refresher: Refresher) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(refresher.refresh(source_id, 1), 0.5)

    replica(wait_in_vain)
    assert (tables.source(url)["claimed_until"], len(page.asked)) == (claimed, 1)


# A day after it was due again: after an hour, unless the calendar asks for something else.
@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize(
    ("every", "age", "kept"),
    [
        (None, "26 hours", []),
        (None, "24 hours", ["Seminar"]),
        ("P1D", "25 hours", ["Seminar"]),
        ("P1D", "49 hours", []),
        ("P1W", "25 hours", ["Seminar"]),
        ("P1W", "49 hours", []),
    ],
)
def test_what_cannot_be_read_for_a_day_contributes_nothing(
    ann: User, ben: User, feeds: FeedServer, tables: Tables, replica: Run, every: str | None, age: str, kept: list[str]
) -> None:
    asks = f"REFRESH-INTERVAL;VALUE=DURATION:{every}\r\n" if every else ""
    url, page = feeds.page(SEMINAR.replace("BEGIN:VEVENT", f"{asks}BEGIN:VEVENT"))
    feed = subscribe(ann, url)
    subscribe(ben, feeds.page(SEMINAR)[0])
    page.status = 500
    refresh_feed(ann, feed)
    for change in ("last_sync = now() - %s::interval", "next_read_at = now() + %s::interval"):
        tables.rows(f"UPDATE planner.calendar_sources SET {change} WHERE url = %s", age, url)
    replica(lambda refresher: refresher._maintain())
    assert titles(ann) == kept
    assert feeds_of(ann)[0]["entry_count"] == len(kept)
    assert titles(ben) == ["Seminar"]
    page.status = 200
    assert refresh_feed(ann, feed)["entry_count"] == 1
    assert titles(ann) == ["Seminar"]


def test_feeds_come_and_go_on_one_source_at_once(ann: User, ben: User, tables: Tables) -> None:
    text = vcalendar(vevent("20260505T093000Z", SUMMARY=ann.username)).strip()

    def turn(user: User) -> set[int]:
        seen = set()
        for _ in range(8):
            made = user.post("calendar-feeds/", {"title": "Lab", "raw_ical": text})
            seen.add(made.status_code)
            feed_id = made.json()["id"]
            seen.add(user.patch(f"calendar-feeds/{feed_id}/", {"raw_ical": text}).status_code)
            seen.add(user.delete(f"calendar-feeds/{feed_id}/").status_code)
        return seen

    with ThreadPoolExecutor(4) as pool:
        assert set.union(*pool.map(turn, (ann, ben, ann, ben))) == {200, 201, 204}
    assert ann.get("calendar-feeds/").json() == ben.get("calendar-feeds/").json() == []
    left = create_feed(ann, raw_ical=text)
    assert left["entry_count"] == 1
    ann.delete(f"calendar-feeds/{left['id']}/")
    assert tables.count("calendar_sources", body=text) == 0


def test_credentials_that_stand_readable_are_encrypted(
    ann: User, feeds: FeedServer, tables: Tables, replica: Run
) -> None:
    url, page = feeds.page(vcalendar(SEMINAR))
    feed = subscribe(ann, url)
    address = url.replace("://", "://mira:s3cret@")
    tables.rows("UPDATE planner.calendar_feeds SET source_url = %s WHERE id = %s", address, feed["id"])
    tables.rows("UPDATE planner.calendar_sources SET url = %s, digest = %s WHERE url = %s", address, url, url)
    replica(lambda refresher: refresher.encrypt_credentials())
    (shown,) = feeds_of(ann)
    assert (shown["source_url"], shown["has_credentials"]) == (url, True)
    assert not tables.rows("SELECT 1 FROM planner.calendar_sources WHERE url = %s", address)
    assert refresh_feed(ann, feed)["last_error"] is None
    assert page.asked[-1]["authorization"].startswith("Basic ")
    # What is read under the encrypted address by now takes over.
    tables.rows(
        "INSERT INTO planner.calendar_sources"
        " (digest, url, body, entry_count, has_series, skipped, failures, touched_at)"
        " VALUES (%s, %s, '', 0, false, 0, 0, now())",
        address,
        address,
    )
    tables.rows(
        "UPDATE planner.calendar_feeds SET source_url = %s, credentials = NULL,"
        " source_id = (SELECT id FROM planner.calendar_sources WHERE digest = %s) WHERE id = %s",
        address,
        address,
        feed["id"],
    )
    replica(lambda refresher: refresher.encrypt_credentials())
    assert titles(ann) == ["Seminar"]
