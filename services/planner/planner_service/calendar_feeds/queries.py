"""Reads of calendar feeds (planner §3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from sqlalchemy import ColumnElement, DateTime, bindparam, func, literal_column, select

from notechondria_shared.db import prepare, prepare_dicts
from planner_service.calendar_feeds.floating import MOST_AWAY, shown
from planner_service.models import CalendarFeed, CalendarOccurrence, CalendarSource

COLUMNS = (
    CalendarFeed.id,
    CalendarFeed.title,
    CalendarFeed.source_kind,
    CalendarFeed.source_url,
    CalendarFeed.credentials,
    CalendarFeed.is_enabled,
    CalendarFeed.course_id,
    CalendarFeed.date_created,
    CalendarFeed.last_edit,
    CalendarFeed.source_id,
    CalendarSource.url.label("read_url"),
    CalendarSource.last_sync,
    func.coalesce(CalendarSource.last_error, CalendarSource.note).label("last_error"),
    func.coalesce(CalendarSource.entry_count, 0).label("entry_count"),
    CalendarSource.failing_since,
    CalendarSource.next_read_at,
    func.coalesce(CalendarSource.skipped, 0).label("skipped"),
    CalendarSource.skipped_reason,
)


@dataclass(slots=True)
class FeedRow:
    """A row of `COLUMNS`."""

    id: int
    title: str
    source_kind: str
    source_url: str
    credentials: str | None
    is_enabled: bool
    course_id: int | None
    date_created: datetime
    last_edit: datetime
    source_id: int | None
    read_url: str | None
    last_sync: datetime | None
    last_error: str | None
    entry_count: int
    failing_since: datetime | None = None
    next_read_at: datetime | None = None
    skipped: int = 0
    skipped_reason: str | None = None


class EntryFields(TypedDict):
    """A calendar entry as the week shows it: thousands of them go out as they come from the database."""

    title: str
    kind: str
    course_id: int | None
    source_id: int
    calendar_title: str
    starts_at: str
    ends_at: str


@dataclass(slots=True)
class Entry:
    """One of the first entries of a source; without a title it is called as the feed is."""

    title: str | None
    starts_at: datetime


_OWN = (
    select(*COLUMNS)
    .outerjoin(CalendarSource, CalendarSource.id == CalendarFeed.source_id)
    .where(CalendarFeed.user_id == bindparam("user_id"))
)
LIST = prepare(_OWN.order_by(CalendarFeed.title, CalendarFeed.id), FeedRow)
ONE = prepare(_OWN.where(CalendarFeed.id == bindparam("feed_id")), FeedRow)

MOST_SHOWN = 20_000
"""Entries of a week: nobody looks at more, and an answer has an end."""
_TIMESTAMP = DateTime(timezone=True)


def _written(at: ColumnElement[datetime]) -> ColumnElement[str]:
    """As the week shows it: a week may hold thousands of entries, and Postgres writes them in no time."""
    return func.to_char(func.timezone(literal_column("'UTC'"), at), literal_column(_FORMAT))


# Entries are kept in whole seconds.
_FORMAT = """'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'"""
_starts_at = shown(CalendarOccurrence.starts_at.expression)
_start, _end = bindparam("start", type_=_TIMESTAMP), bindparam("end", type_=_TIMESTAMP)
# The `calendar` items of the week (planner §6.3). Ties keep the order of the feeds' list, then of the calendar.
ENTRIES = prepare_dicts(
    select(
        func.coalesce(CalendarOccurrence.title, CalendarFeed.title).label("title"),
        literal_column("'calendar'").label("kind"),
        CalendarFeed.course_id,
        CalendarFeed.id.label("source_id"),
        CalendarFeed.title.label("calendar_title"),
        _written(_starts_at).label("starts_at"),
        _written(shown(CalendarOccurrence.ends_at.expression)).label("ends_at"),
    )
    .join(CalendarOccurrence, CalendarOccurrence.source_id == CalendarFeed.source_id)
    .where(
        CalendarFeed.user_id == bindparam("user_id"),
        CalendarFeed.is_enabled,
        _starts_at.between(_start, _end),
        # What the index is good for.
        CalendarOccurrence.starts_at.between(_start - MOST_AWAY, _end + MOST_AWAY),
    )
    .order_by(_starts_at, CalendarFeed.title, CalendarFeed.id, CalendarOccurrence.id)
    .limit(MOST_SHOWN),
    EntryFields,
)
FIRST_ENTRIES = prepare(
    select(CalendarOccurrence.title, _starts_at.label("starts_at"))
    .where(CalendarOccurrence.source_id == bindparam("source_id"))
    .order_by(_starts_at, CalendarOccurrence.id)
    .limit(10),
    Entry,
)
