"""Planner events (planner §1.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from notechondria_shared.django_import.rows import DjangoRow
from notechondria_shared.django_import.source import Monolith
from planner_service.django_import.content import ImportedContent
from planner_service.models import FREQUENCIES, NONE

EVENTS = "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """A row of `planner_events`."""

    id: int
    user_id: int
    course_id: int | None
    title: str
    event_date: date
    starts_at: datetime
    ends_at: datetime
    difficulty_weight: int
    description: str
    is_completed: bool
    completed_at: datetime | None
    recurrence_freq: str
    recurrence_interval: int
    recurrence_end_date: date | None
    recurrence_count: int | None
    date_created: datetime
    last_edit: datetime
    revision: int = 1


def events(source: Monolith, table: str, content: ImportedContent) -> Iterator[EventRow]:
    """Events of accounts that were imported."""
    for row in content.report.counted(EVENTS, source.rows(table)):
        if (owner := content.accounts.owned(content.report, EVENTS, row)) is None:
            continue
        starts, ends = _window(row)
        dates = row.dates()
        yield EventRow(
            id=row.id,
            user_id=owner.user_id,
            course_id=content.course(row),
            title=row.text("title", longest=120),
            event_date=starts.date(),
            starts_at=starts,
            ends_at=ends,
            difficulty_weight=max(1, row.integer("difficulty_weight", default=1)),
            description=row.text("description", longest=255),
            is_completed=row.flag("is_completed"),
            completed_at=row.timestamp_or_none("completed_at"),
            recurrence_freq=row.choice("recurrence_freq", FREQUENCIES, NONE),
            recurrence_interval=max(1, row.integer("recurrence_interval", default=1)),
            recurrence_end_date=row.day_or_none("recurrence_end_date"),
            recurrence_count=row.integer_or_none("recurrence_count"),
            date_created=dates.date_created,
            last_edit=dates.last_edit,
        )


def _window(row: DjangoRow) -> tuple[datetime, datetime]:
    """Start and end, which the monolith may lack (planner §2.3): noon UTC of the day, and an hour."""
    starts = row.timestamp_or_none("starts_at") or datetime.combine(row.day("event_date"), time(12), UTC)
    starts = starts.astimezone(UTC)
    ends = row.timestamp_or_none("ends_at")
    return starts, ends if ends and ends > starts else starts + timedelta(hours=1)
