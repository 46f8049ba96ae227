"""What the administration shows of events and feeds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from notechondria_shared.db.listing import SearchableList
from planner_service.models import CalendarFeed, CalendarSource, PlannerEvent


@dataclass(frozen=True, slots=True)
class EventRow:
    """A planner event of anybody."""

    id: int
    user_id: int
    title: str
    starts_at: datetime
    ends_at: datetime
    is_completed: bool
    recurrence_freq: str
    course_id: int | None
    date_created: datetime
    last_edit: datetime


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A calendar feed of anybody, and how its source is."""

    id: int
    user_id: int
    title: str
    source_kind: str
    host: str
    is_enabled: bool
    source_id: int | None
    """The calendar that it reads; None for one that was uploaded."""
    course_id: int | None
    entry_count: int
    last_sync: datetime | None
    last_error: str | None
    date_created: datetime
    last_edit: datetime


EVENTS = SearchableList(
    select(
        PlannerEvent.id,
        PlannerEvent.user_id,
        PlannerEvent.title,
        PlannerEvent.starts_at,
        PlannerEvent.ends_at,
        PlannerEvent.is_completed,
        PlannerEvent.recurrence_freq,
        PlannerEvent.course_id,
        PlannerEvent.date_created,
        PlannerEvent.last_edit,
    ),
    EventRow,
    key=PlannerEvent.id.expression,
    searched=(PlannerEvent.title.expression,),
    owner=PlannerEvent.user_id.expression,
)
# Of the address only the host: what follows may be the key to somebody's private calendar.
FEEDS = SearchableList(
    select(
        CalendarFeed.id,
        CalendarFeed.user_id,
        CalendarFeed.title,
        CalendarFeed.source_kind,
        func.coalesce(func.substring(CalendarFeed.source_url, r"^\w+://(?:[^/?#@]*@)?([^/?#@]+)"), "").label("host"),
        CalendarFeed.is_enabled,
        CalendarFeed.source_id,
        CalendarFeed.course_id,
        func.coalesce(CalendarSource.entry_count, 0).label("entry_count"),
        CalendarSource.last_sync,
        CalendarSource.last_error,
        CalendarFeed.date_created,
        CalendarFeed.last_edit,
    ).outerjoin(CalendarSource, CalendarSource.id == CalendarFeed.source_id),
    FeedRow,
    key=CalendarFeed.id.expression,
    searched=(CalendarFeed.title.expression,),
    owner=CalendarFeed.user_id.expression,
)
