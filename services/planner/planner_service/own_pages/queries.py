"""Reads for the pages on which people see what is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from notechondria_shared.db import prepare
from planner_service.models import CalendarFeed, CalendarLink, CalendarSource, CourseRef, PlannerEvent

_USER = bindparam("user_id", type_=BigInteger)
_IDS = bindparam("ids", type_=ARRAY(BigInteger))


@dataclass(slots=True)
class Named:
    """An event or a feed by its title."""

    id: int
    title: str


EVENT_NAMES = prepare(
    select(PlannerEvent.id, PlannerEvent.title).where(PlannerEvent.user_id == _USER, PlannerEvent.id == any_(_IDS)),
    Named,
)
FEED_NAMES = prepare(
    select(CalendarFeed.id, CalendarFeed.title).where(CalendarFeed.user_id == _USER, CalendarFeed.id == any_(_IDS)),
    Named,
)


@dataclass(slots=True)
class OwnLinkRow:
    """A link, and by what it was last read."""

    id: int
    name: str
    include_events: bool
    include_sessions: bool
    include_deadlines: bool
    course: str | None
    is_of_course: bool
    alarm_minutes: int | None
    date_created: datetime
    last_read_at: datetime | None
    last_read_by: str


LINKS = prepare(
    select(
        CalendarLink.id,
        CalendarLink.name,
        CalendarLink.include_events,
        CalendarLink.include_sessions,
        CalendarLink.include_deadlines,
        CourseRef.title.label("course"),
        CalendarLink.is_of_course,
        CalendarLink.alarm_minutes,
        CalendarLink.date_created,
        CalendarLink.last_read_at,
        CalendarLink.last_read_by,
    )
    .outerjoin(CourseRef, CourseRef.course_id == CalendarLink.course_id)
    .where(CalendarLink.user_id == _USER)
    .order_by(CalendarLink.name, CalendarLink.id),
    OwnLinkRow,
)
COURSES = prepare(
    select(CourseRef.course_id.label("id"), CourseRef.title)
    .where(CourseRef.user_id == _USER, ~CourseRef.is_deleted)
    .order_by(CourseRef.title, CourseRef.course_id)
    .limit(500),
    Named,
)
FAILING = prepare(
    select(CalendarFeed.id, CalendarFeed.title)
    .join(CalendarSource, CalendarSource.id == CalendarFeed.source_id)
    .where(CalendarFeed.user_id == _USER, CalendarFeed.is_enabled, CalendarSource.failing_since.is_not(None))
    .order_by(CalendarFeed.title, CalendarFeed.id)
    .limit(20),
    Named,
)
