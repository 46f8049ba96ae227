"""Reads of calendar sources."""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, DateTime, any_, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from notechondria_shared.db import prepare
from planner_service.models import CalendarFeed, CalendarOccurrence, CalendarSource, CalendarYear

MOST_ORPHANS = 100
MOST_UNEXPANDED = 20
"""Sources of one batch; maintenance goes on until one is not full."""

_IS_WANTED = exists().where(CalendarFeed.source_id == CalendarSource.id, CalendarFeed.is_enabled)
_NOW = bindparam("now", type_=DateTime(timezone=True))
_YEARS = bindparam("years", type_=ARRAY(BigInteger))

DUE = prepare(
    select(CalendarSource.id)
    .where(
        CalendarSource.next_read_at <= _NOW,
        or_(CalendarSource.claimed_until.is_(None), CalendarSource.claimed_until < _NOW),
        _IS_WANTED,
    )
    .order_by(CalendarSource.next_read_at)
    .limit(bindparam("limit", type_=BigInteger))
)
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
    ).where(CalendarSource.id == bindparam("source_id"))
)
KNOWN = prepare(select(CalendarSource.id).where(CalendarSource.digest == bindparam("digest")))
HELD = prepare(
    select(CalendarSource.id)
    .where(CalendarSource.digest == bindparam("digest"))
    .with_for_update(read=True, key_share=True)
)
body_mark: ColumnElement[str] = func.md5(CalendarSource.body)
"""Tells whether a body is still the one that was read."""
BODY = prepare(
    select(CalendarSource.body, body_mark.label("mark")).where(
        CalendarSource.id == bindparam("source_id"), CalendarSource.has_series
    )
)
SHOWN = prepare(
    select(CalendarOccurrence.title, CalendarOccurrence.starts_at)
    .where(CalendarOccurrence.source_id == bindparam("source_id"))
    .order_by(CalendarOccurrence.starts_at, CalendarOccurrence.id)
    .limit(10)
)


def _missing_years() -> ColumnElement[int]:
    present = (
        select(func.count())
        .select_from(CalendarYear)
        .where(CalendarYear.source_id == CalendarSource.id, CalendarYear.year == any_(_YEARS))
    )
    return func.cardinality(_YEARS) - present.scalar_subquery()


# Whose recurring entries are not expanded in all of the given years.
UNEXPANDED_OF_USER = prepare(
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
    .limit(200)
)
UNEXPANDED = prepare(
    select(CalendarSource.id)
    .where(CalendarSource.has_series, _IS_WANTED, _missing_years() > 0)
    .order_by(CalendarSource.id)
    .limit(MOST_UNEXPANDED)
)
"""In a new year: the year after it."""
EXPANDED_YEARS = prepare(
    select(CalendarYear.year)
    .where(CalendarYear.source_id == bindparam("source_id"))
    .order_by(CalendarYear.expanded_at.desc(), CalendarYear.year)
)
ORPHANS = prepare(
    select(CalendarSource.id)
    .where(
        CalendarSource.touched_at < bindparam("before", type_=DateTime(timezone=True)),
        ~exists().where(CalendarFeed.source_id == CalendarSource.id),
    )
    .limit(MOST_ORPHANS)
)
