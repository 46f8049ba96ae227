"""Reads for the other services: the front page's events, and everything of a user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, BindParameter, Date, bindparam, case, func, select

from notechondria_shared.db import prepare
from planner_service.calendar_links.queries import LIST as LINKS
from planner_service.models import Activity, CalendarFeed, CalendarSource, NoteSession, PlannerEvent
from planner_service.planner_events.queries import COLUMNS, EventRow

__all__ = ["ACTIVITY", "EVENTS", "FEEDS", "LINKS", "SESSIONS", "UPCOMING"]

MOST_UPCOMING = 8

_OF_USER: BindParameter[int] = bindparam("user_id", type_=BigInteger)
UPCOMING = prepare(
    select(*COLUMNS)
    .where(
        PlannerEvent.user_id == _OF_USER,
        ~PlannerEvent.is_completed,
        PlannerEvent.event_date >= bindparam("today", type_=Date),
    )
    .order_by(PlannerEvent.event_date, PlannerEvent.title, PlannerEvent.id)
    .limit(MOST_UPCOMING),
    EventRow,
)


@dataclass(slots=True)
class ExportedEvent(EventRow):
    """A planner event, with all its columns."""

    date_created: datetime
    last_edit: datetime


@dataclass(frozen=True, slots=True)
class ExportedFeed:
    """A calendar feed; `raw_ical` is what was uploaded, empty for a subscribed one."""

    id: int
    title: str
    source_kind: str
    source_url: str
    raw_ical: str
    is_enabled: bool
    course_id: int | None
    date_created: datetime
    last_edit: datetime


@dataclass(frozen=True, slots=True)
class ExportedSession:
    """A work session."""

    id: int
    note_id: int
    title: str
    summary: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExportedActivity:
    """Words written in a note, or the like, on a day."""

    note_id: int
    course_id: int | None
    activity_type: str
    activity_date: date
    word_count: int


EVENTS = prepare(
    select(*COLUMNS, PlannerEvent.date_created, PlannerEvent.last_edit)
    .where(PlannerEvent.user_id == _OF_USER)
    .order_by(PlannerEvent.id),
    ExportedEvent,
)
FEEDS = prepare(
    select(
        CalendarFeed.id,
        CalendarFeed.title,
        CalendarFeed.source_kind,
        CalendarFeed.source_url,
        func.coalesce(case((CalendarSource.url.is_(None), CalendarSource.body)), "").label("raw_ical"),
        CalendarFeed.is_enabled,
        CalendarFeed.course_id,
        CalendarFeed.date_created,
        CalendarFeed.last_edit,
    )
    .outerjoin(CalendarSource, CalendarSource.id == CalendarFeed.source_id)
    .where(CalendarFeed.user_id == _OF_USER)
    .order_by(CalendarFeed.id),
    ExportedFeed,
)
SESSIONS = prepare(
    select(
        NoteSession.id,
        NoteSession.note_id,
        NoteSession.title,
        NoteSession.summary,
        NoteSession.started_at,
        NoteSession.ended_at,
    )
    .where(NoteSession.user_id == _OF_USER)
    .order_by(NoteSession.id),
    ExportedSession,
)
ACTIVITY = prepare(
    select(Activity.note_id, Activity.course_id, Activity.activity_type, Activity.activity_date, Activity.word_count)
    .where(Activity.user_id == _OF_USER)
    .order_by(Activity.activity_date, Activity.activity_id),
    ExportedActivity,
)
