"""Keeping calendar sources: one row for each address or text, what was read of it beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Interval,
    Text,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.timestamps import now
from notechondria_shared.db import SessionReader
from planner_service.calendar_sources import queries
from planner_service.calendar_sources.schedule import Schedule
from planner_service.calendars.reading import ONE_OFF, Reading, Row
from planner_service.models import CalendarFeed, CalendarOccurrence, CalendarSource, CalendarYear

MOST_YEARS = 12
"""Years in which a source is expanded at the same time; the ones asked for longest ago go first."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a feed is read from: an address, or a pasted text."""

    url: str | None
    text: str = ""
    credentials: str | None = field(default=None, compare=False)
    """Of the address, encrypted."""
    mark: str = ""
    """Of the credentials."""

    @property
    def digest(self) -> str:
        """What the source is found by."""
        kind, value = ("text", self.text) if self.url is None else ("url", f"{self.mark}{self.url}")
        return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()


async def lock_shared(db: AsyncSession, content: Content) -> int:
    """The id of the source, made when it is not there; it is not removed before the transaction ends."""
    known = await SessionReader(db).value(queries.LOCKED, digest=content.digest)
    if known is not None:
        return known
    made = await db.scalar(
        upsert(CalendarSource)
        .values(digest=content.digest, url=content.url, credentials=content.credentials, body=content.text)
        .on_conflict_do_update(index_elements=[CalendarSource.digest], set_={"touched_at": now()})
        .returning(CalendarSource.id)
    )
    assert made is not None  # noqa: S101 - inserted or updated
    return int(made)


async def touch(db: AsyncSession, source_id: int, content: Content) -> None:
    """A feed is about to name it. Credentials are kept anew: those that are there may be of an old key."""
    await db.execute(
        update(CalendarSource)
        .where(CalendarSource.id == source_id)
        .values(touched_at=now(), credentials=content.credentials)
    )


async def claim(db: AsyncSession, source_id: int, until: datetime) -> CalendarSource | None:
    """Claim the reading of a source until then; None when somebody else has, or when it is gone."""
    at = now()
    claimed: CalendarSource | None = await db.scalar(
        update(CalendarSource)
        .where(
            CalendarSource.id == source_id,
            or_(CalendarSource.claimed_until.is_(None), CalendarSource.claimed_until < at),
        )
        .values(claimed_until=until, last_attempt=at)
        .returning(CalendarSource)
    )
    return claimed


async def give_up(db: AsyncSession, claims: Mapping[int, datetime]) -> None:
    """Leave what was claimed until the given times to others; what somebody else has claimed by now is theirs."""
    await db.execute(
        update(CalendarSource)
        .where(tuple_(CalendarSource.id, CalendarSource.claimed_until).in_(list(claims.items())))
        .values(claimed_until=None)
        .execution_options(synchronize_session=False)
    )


async def settle(db: AsyncSession, source_id: int, next_read_at: datetime | None, **values: object) -> None:
    """End a claim."""
    await db.execute(
        update(CalendarSource)
        .where(CalendarSource.id == source_id)
        .values(claimed_until=None, next_read_at=next_read_at, **values)
        .execution_options(synchronize_session=False)
    )


async def replace(db: AsyncSession, source_id: int, reading: Reading, years: Sequence[int]) -> bool:
    """Put what was read in the place of what was there; False when the source is gone."""
    if not await _lock(db, source_id):
        return False
    await db.execute(delete(CalendarOccurrence).where(CalendarOccurrence.source_id == source_id))
    await db.execute(delete(CalendarYear).where(CalendarYear.source_id == source_id))
    await _add_rows(db, source_id, reading.rows)
    await _add_years(db, source_id, years)
    return True


async def add_years(db: AsyncSession, source_id: int, mark: str, rows: Sequence[Row], years: Sequence[int]) -> None:
    """Put the recurring entries of further years beside what is there; none of a body that has changed meanwhile."""
    if not await _lock(db, source_id, queries.body_mark == mark):
        return
    present = await SessionReader(db).all(queries.EXPANDED_YEARS, source_id=source_id)
    new = [year for year in years if year not in present]
    dropped = [year for year in present if abs(year - now().year) > 1][max(MOST_YEARS - 3 - len(new), 0) :]
    for table in (CalendarOccurrence, CalendarYear):
        await db.execute(delete(table).where(table.source_id == source_id, table.year.in_(dropped)))
    await _add_rows(db, source_id, [row for row in rows if row[0] in new])
    await _add_years(db, source_id, new)


async def withdraw(db: AsyncSession, *which: ColumnElement[bool]) -> None:
    """Keep nothing of what was read of sources; the next reading asks for all of it."""
    emptied = await db.scalars(
        update(CalendarSource)
        .where(*which)
        .values(
            # A pasted text is the user's own, and is what would be read again.
            body=case((CalendarSource.url.is_(None), CalendarSource.body), else_=""),
            etag=None,
            last_modified=None,
            entry_count=0,
            has_series=False,
            note=None,
            skipped=0,
            skipped_reason=None,
        )
        .returning(CalendarSource.id)
        .execution_options(synchronize_session=False)
    )
    ids = list(emptied)
    for table in (CalendarOccurrence, CalendarYear):
        await db.execute(delete(table).where(table.source_id.in_(ids)).execution_options(synchronize_session=False))


def failing_since(at: datetime, schedule: Schedule) -> tuple[ColumnElement[bool], ...]:
    """Sources that show an old copy, were due again before `at`, and could not be read since."""
    interval = func.coalesce(CalendarSource.refresh_seconds, schedule.default)
    wait = func.greatest(schedule.shortest, func.least(schedule.longest, interval))
    return (
        CalendarSource.url.is_not(None),
        CalendarSource.last_error.is_not(None),
        CalendarSource.last_sync < literal(at) - func.make_interval(0, 0, 0, 0, 0, 0, wait, type_=Interval),
        CalendarSource.entry_count > 0,
    )


async def _lock(db: AsyncSession, source_id: int, *which: ColumnElement[bool]) -> bool:
    locked_id = await db.scalar(
        select(CalendarSource.id).where(CalendarSource.id == source_id, *which).with_for_update(key_share=True)
    )
    return locked_id is not None


async def _add_rows(db: AsyncSession, source_id: int, rows: Sequence[Row]) -> None:
    """All of them in one statement: there may be twenty thousand."""
    if not rows:
        return
    years, starts, ends, titles, floating = zip(*rows, strict=True)
    numbers = ARRAY(BigInteger)
    rows_read = select(
        func.unnest(bindparam("years", list(years), type_=numbers)).label("year"),
        func.unnest(bindparam("starts", list(starts), type_=numbers)).label("start"),
        func.unnest(bindparam("ends", list(ends), type_=numbers)).label("end"),
        func.unnest(bindparam("titles", list(titles), type_=ARRAY(Text))).label("title"),
        func.unnest(bindparam("floating", list(floating), type_=ARRAY(Boolean))).label("is_floating"),
    ).subquery()
    at = func.to_timestamp
    await db.execute(
        insert(CalendarOccurrence).from_select(
            ["source_id", "year", "starts_at", "ends_at", "title", "is_floating"],
            select(
                cast(literal(source_id), BigInteger),
                rows_read.c.year,
                at(rows_read.c.start),
                at(rows_read.c.end),
                rows_read.c.title,
                rows_read.c.is_floating,
            ),
            include_defaults=False,
        )
    )


async def _add_years(db: AsyncSession, source_id: int, years: Sequence[int]) -> None:
    if rows := [{"source_id": source_id, "year": year} for year in years if year != ONE_OFF]:
        await db.execute(upsert(CalendarYear).on_conflict_do_nothing(), rows)


async def drop_unused(db: AsyncSession, source_ids: Sequence[int]) -> int:
    """Remove sources that no feed names any more; how many went. One that is named at the same time stays."""
    named = select(CalendarFeed.source_id).where(CalendarFeed.source_id.is_not(None))
    removed = 0
    for source_id in source_ids:
        try:
            async with db.begin_nested():
                gone = await db.scalars(
                    delete(CalendarSource)
                    .where(CalendarSource.id == source_id, CalendarSource.id.not_in(named))
                    .returning(CalendarSource.id)
                    .execution_options(synchronize_session=False)
                )
                removed += len(gone.all())
        except IntegrityError:
            continue
    return removed
