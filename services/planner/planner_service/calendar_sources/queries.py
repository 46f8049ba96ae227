"""Reads of calendar sources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, DateTime, any_, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from notechondria_shared.db import prepare, prepare_scalar
from planner_service.calendar_sources.shares import OF_A_USER
from planner_service.models import CalendarFeed, CalendarSource, CalendarYear

MOST_ORPHANS = 100
MOST_UNEXPANDED = 20
"""Sources of one batch; maintenance goes on until one is not full."""


@dataclass(slots=True)
class SourceState:
    """How the reading of a source stands."""

    id: int
    url: str | None
    entry_count: int
    last_attempt: datetime | None
    last_sync: datetime | None
    last_error: str | None
    next_read_at: datetime | None
    claimed_until: datetime | None


@dataclass(slots=True)
class SourceBody:
    """The text of a source, and the mark that shows whether it is still the same."""

    body: str
    mark: str


_IS_USED = exists().where(CalendarFeed.source_id == CalendarSource.id, CalendarFeed.is_enabled)
_NOW = bindparam("now", type_=DateTime(timezone=True))
_YEARS = bindparam("years", type_=ARRAY(BigInteger))

_OWNER = (
    select(func.min(CalendarFeed.user_id))
    .where(CalendarFeed.source_id == CalendarSource.id, CalendarFeed.is_enabled)
    .scalar_subquery()
)
_due = (
    select(CalendarSource.id, CalendarSource.next_read_at, _OWNER.label("owner_id"))
    .where(
        CalendarSource.next_read_at <= _NOW,
        or_(CalendarSource.claimed_until.is_(None), CalendarSource.claimed_until < _NOW),
        _IS_USED,
    )
    .subquery()
)
_turn = func.row_number().over(partition_by=_due.c.owner_id, order_by=_due.c.next_read_at)
_turns = select(_due, _turn.label("turn")).subquery()


@dataclass(frozen=True, slots=True)
class DueSource:
    """A source to read now, and one of those who have it."""

    id: int
    owner_id: int


DUE = prepare(
    select(_turns.c.id, _turns.c.owner_id)
    .where(_turns.c.turn <= OF_A_USER)
    .order_by(_turns.c.turn, _turns.c.next_read_at)
    .limit(bindparam("limit", type_=BigInteger)),
    DueSource,
)
"""The longest overdue of each user, then the second of each: somebody with two hundred does not come before others."""
STATE = prepare(
    select(
        CalendarSource.id,
        CalendarSource.url,
        CalendarSource.entry_count,
        CalendarSource.last_attempt,
        CalendarSource.last_sync,
        CalendarSource.last_error,
        CalendarSource.next_read_at,
        CalendarSource.claimed_until,
    ).where(CalendarSource.id == bindparam("source_id")),
    SourceState,
)
KNOWN = prepare_scalar(
    select(CalendarSource.id).where(CalendarSource.digest == bindparam("digest")),
    int,
)
LOCKED = prepare_scalar(
    select(CalendarSource.id)
    .where(CalendarSource.digest == bindparam("digest"))
    .with_for_update(read=True, key_share=True),
    int,
)
body_mark: ColumnElement[str] = func.md5(CalendarSource.body)
"""Whether a body is still the one that was read."""
BODY = prepare(
    select(CalendarSource.body, body_mark.label("mark")).where(
        CalendarSource.id == bindparam("source_id"), CalendarSource.has_series
    ),
    SourceBody,
)


def _missing_years() -> ColumnElement[int]:
    present = (
        select(func.count())
        .select_from(CalendarYear)
        .where(CalendarYear.source_id == CalendarSource.id, CalendarYear.year == any_(_YEARS))
    )
    return func.cardinality(_YEARS) - present.scalar_subquery()


# Whose recurring entries are not expanded in all of the given years.
UNEXPANDED_OF_USER = prepare_scalar(
    select(CalendarSource.id)
    .where(
        CalendarSource.has_series,
        exists().where(
            CalendarFeed.source_id == CalendarSource.id,
            CalendarFeed.user_id == bindparam("user_id"),
            CalendarFeed.is_enabled,
        ),
        _missing_years() > 0,
    )
    .order_by(CalendarSource.id)
    .limit(200),
    int,
)
UNEXPANDED = prepare_scalar(
    select(CalendarSource.id)
    .where(CalendarSource.has_series, _IS_USED, _missing_years() > 0)
    .order_by(CalendarSource.id)
    .limit(MOST_UNEXPANDED),
    int,
)
"""In a new year: the year after it."""
EXPANDED_YEARS = prepare_scalar(
    select(CalendarYear.year)
    .where(CalendarYear.source_id == bindparam("source_id"))
    .order_by(CalendarYear.expanded_at.desc(), CalendarYear.year),
    int,
)
ORPHANS = prepare_scalar(
    select(CalendarSource.id)
    .where(
        CalendarSource.touched_at < bindparam("before", type_=DateTime(timezone=True)),
        ~exists().where(CalendarFeed.source_id == CalendarSource.id),
    )
    .limit(MOST_ORPHANS),
    int,
)
