"""Reads of links, and of what is published under one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Date, DateTime, bindparam, exists, or_, select

from notechondria_shared.db import prepare
from planner_service.models import (
    LIVE,
    NONE,
    AccountState,
    CalendarLink,
    CourseRef,
    Installation,
    NoteRef,
    NoteSession,
    PlannerEvent,
)

MOST_ENTRIES = 5000
"""Of each kind: the newest."""

COLUMNS = (
    CalendarLink.id,
    CalendarLink.name,
    CalendarLink.include_events,
    CalendarLink.include_sessions,
    CalendarLink.include_deadlines,
    CalendarLink.course_id,
    CalendarLink.alarm_minutes,
    CalendarLink.date_created,
    CalendarLink.last_edit,
)


@dataclass(slots=True)
class LinkRow:
    """A row of `COLUMNS`."""

    id: int
    name: str
    include_events: bool
    include_sessions: bool
    include_deadlines: bool
    course_id: int | None
    alarm_minutes: int | None
    date_created: datetime
    last_edit: datetime

    @classmethod
    def of(cls, link: CalendarLink) -> LinkRow:
        """An entity as a row."""
        return cls(*(getattr(link, column.key) for column in COLUMNS))


@dataclass(slots=True)
class PublishedLink(LinkRow):
    """A link found by the digest of its token."""

    user_id: int
    is_of_course: bool
    token_digest: str
    installation: UUID
    last_read_at: datetime | None


@dataclass(slots=True)
class PublishedEvent:
    """An event as a published calendar shows it."""

    id: int
    title: str
    description: str
    event_date: date
    starts_at: datetime
    ends_at: datetime
    difficulty_weight: int
    recurrence_freq: str
    recurrence_interval: int
    recurrence_end_date: date | None
    recurrence_count: int | None
    revision: int
    is_all_day: bool
    uid_host: str | None
    date_created: datetime
    last_edit: datetime
    course_id: int | None
    course: str | None


@dataclass(slots=True)
class PublishedSession:
    """A work session as a published calendar shows it."""

    id: int
    title: str
    description: str
    started_at: datetime
    ended_at: datetime | None
    uid_host: str | None
    date_created: datetime
    last_edit: datetime
    course_id: int | None
    course: str | None


LIST = prepare(
    select(*COLUMNS).where(CalendarLink.user_id == bindparam("user_id")).order_by(CalendarLink.name, CalendarLink.id),
    LinkRow,
)
PUBLISHED = prepare(
    select(
        *COLUMNS,
        CalendarLink.user_id,
        CalendarLink.is_of_course,
        CalendarLink.token_digest,
        select(Installation.id).scalar_subquery().label("installation"),
        CalendarLink.last_read_at,
    ).where(
        CalendarLink.token_digest == bindparam("digest"),
        ~exists().where(AccountState.user_id == CalendarLink.user_id, ~AccountState.is_active),
    ),
    PublishedLink,
)

_ALL = ~bindparam("is_of_course", type_=Boolean)
_COURSE = bindparam("course_id", type_=BigInteger)

EVENTS = prepare(
    select(
        PlannerEvent.id,
        PlannerEvent.title,
        PlannerEvent.description,
        PlannerEvent.event_date,
        PlannerEvent.starts_at,
        PlannerEvent.ends_at,
        PlannerEvent.difficulty_weight,
        PlannerEvent.recurrence_freq,
        PlannerEvent.recurrence_interval,
        PlannerEvent.recurrence_end_date,
        PlannerEvent.recurrence_count,
        PlannerEvent.revision,
        PlannerEvent.is_all_day,
        PlannerEvent.uid_host,
        PlannerEvent.date_created,
        PlannerEvent.last_edit,
        PlannerEvent.course_id,
        CourseRef.title.label("course"),
    )
    .outerjoin(CourseRef, CourseRef.course_id == PlannerEvent.course_id)
    .where(
        PlannerEvent.user_id == bindparam("user_id"),
        ~PlannerEvent.is_completed,
        or_(PlannerEvent.recurrence_freq != NONE, PlannerEvent.event_date >= bindparam("since", type_=Date)),
        or_(_ALL, PlannerEvent.course_id == _COURSE),
    )
    .order_by(PlannerEvent.event_date.desc(), PlannerEvent.id)
    .limit(MOST_ENTRIES),
    PublishedEvent,
)
SESSIONS = prepare(
    select(
        NoteSession.id,
        NoteSession.title,
        NoteSession.summary.label("description"),
        NoteSession.started_at,
        NoteSession.ended_at,
        NoteSession.uid_host,
        NoteSession.date_created,
        NoteSession.last_edit,
        NoteRef.course_id,
        CourseRef.title.label("course"),
    )
    .join(NoteRef, NoteRef.note_id == NoteSession.note_id)
    .outerjoin(CourseRef, CourseRef.course_id == NoteRef.course_id)
    .where(
        NoteSession.user_id == bindparam("user_id"),
        NoteRef.state == LIVE,
        NoteSession.started_at >= bindparam("since", type_=DateTime(timezone=True)),
        or_(_ALL, NoteRef.course_id == _COURSE),
    )
    .order_by(NoteSession.started_at.desc(), NoteSession.id)
    .limit(MOST_ENTRIES),
    PublishedSession,
)
