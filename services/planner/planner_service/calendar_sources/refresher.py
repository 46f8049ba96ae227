"""Reading calendar sources: when somebody asks, and in the background when they are due.

One attempt at a time for a source, whoever asks: a row is claimed in the database before it is fetched, so that any
number of feeds and replicas cost one fetch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.background import end
from notechondria_shared.core.encryption import UndecipherableError
from notechondria_shared.core.errors import Unavailable
from notechondria_shared.core.timestamps import now
from notechondria_shared.core.web_addresses import host_of
from notechondria_shared.db import Database
from notechondria_shared.db.batches import in_batches
from notechondria_shared.web.address_guard import Resolver
from planner_service.calendar_sources import queries, store
from planner_service.calendar_sources.addresses import UNREADABLE, Addresses
from planner_service.calendar_sources.encrypting import BATCH, encrypt_feeds, encrypt_sources
from planner_service.calendar_sources.fetch import MOST_BYTES, CalendarFetcher, Fetched, Fetcher, FetchFailed
from planner_service.calendar_sources.queries import DueSource, SourceState
from planner_service.calendar_sources.schedule import Schedule
from planner_service.calendar_sources.shares import OF_A_USER, FetchShares
from planner_service.calendar_sources.store import Content
from planner_service.calendars.pool import Busy, ReaderPool
from planner_service.calendars.reading import READING_VERSION, Reading
from planner_service.models import CalendarSource
from planner_service.settings import PlannerSettings

logger = logging.getLogger("notechondria.calendars")

AT_ONCE = 32
"""Sources that are read in the background at the same time."""
MAINTENANCE_SECONDS = 60.0
ORPHAN_AFTER = timedelta(minutes=10)
TOO_LONG = f"It is larger than {MOST_BYTES // 1024 // 1024} MB."
READERS_BUSY = "Not read: Backend.Planner/calendar — too many calendars wait to be read, try again in a while."
YEARS_AROUND = 1
"""Recurring entries are expanded from the year before to the year after the present one, and others when asked for."""


def standard_years(at: datetime) -> list[int]:
    """The years in which every source is expanded."""
    return list(range(at.year - YEARS_AROUND, at.year + YEARS_AROUND + 1))


class Refresher:
    """Reads sources. `start` and `stop` the background part."""

    def __init__(self, database: Database, settings: PlannerSettings, addresses: Addresses) -> None:
        self._database, self._addresses = database, addresses
        self._resolver = Resolver()
        self.fetcher: CalendarFetcher = Fetcher(
            settings.calendar_feed_allow_hosts, settings.calendar_fetch_seconds, resolve=self._resolver
        )
        self._readers = ReaderPool(settings.calendar_readers, settings.calendar_read_seconds)
        self._schedule = Schedule(
            settings.calendar_refresh_seconds,
            settings.calendar_refresh_min_seconds,
            settings.calendar_refresh_max_seconds,
        )
        self._pause, self._poll = settings.calendar_refresh_pause_seconds, settings.calendar_poll_seconds
        # Longer than fetching and reading can take, so that a claim is only given up when its holder has died.
        self._claim_seconds = settings.calendar_fetch_seconds + 50.0
        self._patience = settings.calendar_fetch_seconds + 5.0
        self._running: dict[int, asyncio.Task[None]] = {}
        self._in_background: dict[int, int] = {}
        """Source -> user, of those that were due: what somebody asks for is beside them."""
        self._shares = FetchShares()
        self._claimed: dict[int, datetime] = {}
        self._kept = timedelta(seconds=settings.calendar_refresh_max_seconds)
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin reading what is due."""
        self._loop = asyncio.create_task(self._run(), name="calendars.refresh")

    async def stop(self) -> None:
        """End; attempts under way are given up, for others to make."""
        await end(*([self._loop] if self._loop else []), *self._running.values())
        if self._claimed:
            with suppress(Unavailable):
                async with self._database.transaction() as db:
                    await store.give_up(db, self._claimed)
        await self.fetcher.close()
        await self._readers.close()
        self._resolver.close()

    async def obtain(self, content: Content, user_id: int) -> None:
        """Have what a new feed is made of: read now when it never was or is due."""
        source_id = await self._database.reader.value(queries.KNOWN, digest=content.digest)
        async with self._database.transaction() as db:
            if source_id is None:
                source_id = await store.lock_shared(db, content)
            else:
                await store.touch(db, source_id, content)
        await self.catch_up(source_id, user_id)

    async def catch_up(self, source_id: int, user_id: int) -> None:
        """Read a source when it never was, is due, or could not be fetched the last time, and wait for it."""
        state = await self._state(source_id)
        if state is None:
            return
        is_due = state.next_read_at is not None and state.next_read_at <= now()
        if is_due or (state.url is not None and state.last_error is not None):
            await self.refresh(source_id, user_id)

    async def refresh(self, source_id: int, user_id: int) -> None:
        """Read a source and wait for it, as long as an attempt can take; a little after the last attempt at most."""
        if (task := self._running.get(source_id)) is None:
            state = await self._state(source_id)
            if state and state.last_attempt is not None and state.url is not None:
                ended = state.last_attempt + timedelta(seconds=self._pause)
                await asyncio.sleep(max(0.0, min(self._pause, (ended - now()).total_seconds())))
            task = self._begin(source_id, user_id)
        with suppress(TimeoutError):
            # Not cancelled with the request: others wait for it too.
            await asyncio.wait_for(asyncio.shield(task), self._patience)

    async def preview(self, url: str, user_id: int) -> Reading:
        """Fetch and read a calendar, and keep nothing of it; within the user's share.

        `Unavailable` when there is no turn in time, or too many wait.
        """
        try:
            async with asyncio.timeout(self._patience), self._shares.take(user_id, url):
                fetched = await self.fetcher.fetch(url)
                text = fetched.text or ""  # nothing was named that could be unchanged
                reading = await self._readers.read(text, standard_years(now()), must_be_calendar=True)
        except FetchFailed as failure:
            return Reading(error=str(failure))
        except (Busy, TimeoutError):
            raise Unavailable(READERS_BUSY, retry_after=5) from None
        reading.note = " ".join(said for said in (fetched.note, reading.note) if said) or None
        return reading

    async def expand(self, user_id: int, years: Sequence[int]) -> None:
        """Have what recurs in the user's calendars in `years` far away; what takes too long comes later."""
        missing = await self._database.reader.all(queries.UNEXPANDED_OF_USER, user_id=user_id, years=list(years))
        tasks = [asyncio.create_task(self._expand(source_id, years)) for source_id in missing]
        if tasks:
            await asyncio.wait(tasks, timeout=self._patience)

    async def _state(self, source_id: int) -> SourceState | None:
        return await self._database.reader.one(queries.STATE, source_id=source_id)

    def _begin(self, source_id: int, user_id: int) -> asyncio.Task[None]:
        if (task := self._running.get(source_id)) is None:
            task = self._running[source_id] = asyncio.create_task(self._attempt_in_turn(source_id, user_id))
            task.add_done_callback(lambda _: self._running.pop(source_id, None))
        return task

    def _begin_due(self, due: DueSource) -> None:
        """Read a source, unless enough is being read: in sum, or for its user, whose others wait for their turn."""
        of_user = list(self._in_background.values()).count(due.owner_id)
        if due.id in self._running or len(self._in_background) >= AT_ONCE or of_user >= OF_A_USER:
            return
        self._in_background[due.id] = due.owner_id
        self._begin(due.id, due.owner_id).add_done_callback(lambda _: self._in_background.pop(due.id, None))

    async def _run(self) -> None:
        maintained = float("-inf")
        clock = asyncio.get_running_loop().time
        while True:
            try:
                if len(self._in_background) < AT_ONCE:
                    for due in await self._database.reader.all(queries.DUE, now=now(), limit=AT_ONCE):
                        self._begin_due(due)
                if clock() - maintained > MAINTENANCE_SECONDS:
                    maintained = clock()
                    await self._maintain()
            except Unavailable:
                logger.debug("calendars: the database is away")
            except Exception:
                logger.exception("calendars: looking for what is due failed")
            await asyncio.sleep(self._poll)

    async def _maintain(self) -> None:
        await self.encrypt_credentials()
        await in_batches(self._drop_orphans, queries.MOST_ORPHANS)
        async with self._database.transaction() as db:
            await store.withdraw(db, *store.failing_since(now() - self._kept, self._schedule))
        await in_batches(self._expand_standard_years, queries.MOST_UNEXPANDED)

    async def encrypt_credentials(self) -> None:
        """Take the credentials out of addresses that were written otherwise: before, or by an import."""
        for encrypt in (encrypt_feeds, encrypt_sources):
            await in_batches(partial(self._encrypt, encrypt), BATCH)

    async def _encrypt(self, encrypt: Callable[[AsyncSession, Addresses], Awaitable[int]]) -> int:
        async with self._database.transaction() as db:
            return await encrypt(db, self._addresses)

    async def _drop_orphans(self) -> int:
        """Remove a batch of the sources that no feed names; the number that went."""
        orphans = await self._database.reader.all(queries.ORPHANS, before=now() - ORPHAN_AFTER)
        if not orphans:
            return 0
        async with self._database.transaction() as db:
            return await store.drop_unused(db, orphans)

    async def _expand_standard_years(self) -> int:
        """Expand a batch of the sources that lack a year which is standard by now; the number that have it now."""
        years = standard_years(now())
        lacking = await self._database.reader.all(queries.UNEXPANDED, years=years)
        return sum([await self._expand(source_id, years) for source_id in lacking])

    async def _attempt_in_turn(self, source_id: int, user_id: int) -> None:
        try:
            state = await self._state(source_id)
        except Unavailable:
            return
        if state is not None:
            async with self._shares.take(user_id, state.url):
                await self._attempt(source_id)

    async def _attempt(self, source_id: int) -> None:
        # Noted before it is made: a claim whose commit is cancelled while we wait for it may stand all the same.
        until = self._claimed[source_id] = now() + timedelta(seconds=self._claim_seconds)
        try:
            async with self._database.transaction() as db:
                source = await store.claim(db, source_id, until)
            if source is None:
                await self._await_other(source_id)
            else:
                await self._read(source)
        except Unavailable:
            logger.debug("calendars: the database is away")
        except Exception:
            logger.exception("calendars: source %d", source_id)
        # Not reached when it was cancelled: then there is something to give up.
        self._claimed.pop(source_id, None)

    async def _await_other(self, source_id: int) -> None:
        """Another replica reads it."""
        for _ in range(int(self._patience / 0.2)):
            await asyncio.sleep(0.2)
            state = await self._state(source_id)
            if state is None or state.claimed_until is None or state.claimed_until < now():
                return

    async def _read(self, source: CalendarSource) -> None:
        try:
            fetched = await self._fetch(source)
        except FetchFailed as failure:
            await self._failed(source, str(failure), failure.retry_after, is_final=failure.is_final)
            return
        text = source.body if fetched is None or fetched.text is None else fetched.text
        marks: dict[str, object] = (
            {} if fetched is None else {"etag": fetched.etag, "last_modified": fetched.last_modified}
        )
        years = standard_years(now())
        is_known = source.last_error is None and source.last_sync is not None and text == source.body
        if is_known and source.reading_version == READING_VERSION:
            await self._succeeded(source, source.refresh_seconds, {k: v for k, v in marks.items() if v})
            return
        if len(text.encode()) > MOST_BYTES:
            await self._failed(source, TOO_LONG, is_final=True)
            return
        try:
            reading = await self._readers.read(text, years, must_be_calendar=source.url is not None)
        except Busy:
            await self._postpone(source)
            return
        if reading.error:
            # Nothing is kept of what cannot be read, not even in part, and it is asked for whole the next time.
            await self._failed(source, reading.error, is_final=True)
            return
        notes = [said for said in (fetched.note if fetched else None, reading.note) if said]
        values: dict[str, object] = {
            "body": text,
            "entry_count": reading.count,
            "has_series": reading.has_series,
            "reading_version": READING_VERSION,
            "note": " ".join(notes) or None,
            "skipped": reading.skipped,
            "skipped_reason": reading.skipped_reason,
            **marks,
        }
        await self._succeeded(source, reading.refresh_seconds, values, reading)

    async def _fetch(self, source: CalendarSource) -> Fetched | None:
        if source.url is None:
            return None
        try:
            address = self._addresses.whole(source.url, source.credentials)
        except UndecipherableError:
            raise FetchFailed(UNREADABLE, is_final=True) from None
        fetched = await self.fetcher.fetch(address, source.etag, source.last_modified)
        if fetched.text is None and source.etag is None and source.last_modified is None:
            raise FetchFailed("The server answered 304.")
        return fetched

    async def _succeeded(
        self, source: CalendarSource, published: int | None, values: dict[str, object], reading: Reading | None = None
    ) -> None:
        at = now()
        due = None if source.url is None else at + timedelta(seconds=self._schedule.after_success(published))
        async with self._database.transaction() as db:
            if reading is not None and not await store.replace(db, source.id, reading, standard_years(at)):
                return
            await store.settle(
                db,
                source.id,
                due,
                last_sync=at,
                last_error=None,
                failures=0,
                failing_since=None,
                refresh_seconds=published,
                **values,
            )

    async def _failed(
        self, source: CalendarSource, reason: str, asked: float | None = None, *, is_final: bool = False
    ) -> None:
        failures = source.failures + 1
        # Only the host: the rest of an address may be its secret.
        host = host_of(source.url) if source.url else "a pasted text"
        logger.warning("calendars: source %d (%s) failed %d times: %s", source.id, host, failures, reason)
        # A text does not become better by waiting.
        due = None if source.url is None else now() + timedelta(seconds=self._schedule.after_failure(failures, asked))
        async with self._database.transaction() as db:
            if is_final:
                await store.withdraw(db, CalendarSource.id == source.id)
            since = source.failing_since or now()
            await store.settle(db, source.id, due, last_error=reason, failures=failures, failing_since=since)

    async def _postpone(self, source: CalendarSource) -> None:
        async with self._database.transaction() as db:
            await store.settle(db, source.id, now() + timedelta(seconds=self._poll))

    async def _expand(self, source_id: int, years: Sequence[int]) -> bool:
        """Have a source in `years`; False when it is gone, or there was no time for it."""
        try:
            source = await self._database.reader.one(queries.BODY, source_id=source_id)
            if source is None:
                return False
            reading = await self._readers.read(source.body, years, only_years=True)
            if problem := reading.error or reading.note:
                logger.warning("calendars: source %d in %s: %s", source_id, years, problem)
            async with self._database.transaction() as db:
                # Also when it cannot be expanded there: it would not become better by trying again.
                await store.add_years(db, source_id, source.mark, reading.rows, years)
        except (Busy, Unavailable):
            return False
        return True
