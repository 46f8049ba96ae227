"""Reads for the other services: the front page's events, and everything of a user."""

from __future__ import annotations

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

EVENTS = prepare(
    select(*COLUMNS, PlannerEvent.date_created, PlannerEvent.last_edit)
    .where(PlannerEvent.user_id == _OF_USER)
    .order_by(PlannerEvent.id)
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
    .order_by(CalendarFeed.id)
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
    .order_by(NoteSession.id)
)
ACTIVITY = prepare(
    select(Activity.note_id, Activity.course_id, Activity.activity_type, Activity.activity_date, Activity.word_count)
    .where(Activity.user_id == _OF_USER)
    .order_by(Activity.activity_date, Activity.activity_id)
)
