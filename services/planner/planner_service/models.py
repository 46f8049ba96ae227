"""The tables of the planner schema."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false, func, text, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from notechondria_contracts.events.planner import PlannerEventState
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import COLUMN_TYPES, service_metadata
from notechondria_shared.db.tables import Dated
from notechondria_shared.messaging import Aggregate
from notechondria_shared.messaging.tables import event_tables


class Base(DeclarativeBase):
    """Declarative base of the planner schema."""

    metadata = service_metadata("planner")
    type_annotation_map = COLUMN_TYPES


EVENTS = event_tables(Base)

NONE, WEEKLY, MONTHLY, YEARLY = "N", "W", "M", "Y"
FREQUENCIES = (NONE, WEEKLY, MONTHLY, YEARLY)
IMPORTED, SUBSCRIBED = "I", "S"
LIVE, TRASHED, PURGED = "live", "trashed", "purged"
CREATED, EDITED = "C", "E"
ACTIVITY_TYPES = (CREATED, EDITED)


class PlannerEvent(Dated, Base, Aggregate[PlannerEventState]):
    """A planner event (planner §1.1); a recurring one is stored once, as its first occurrence (§12.1)."""

    __tablename__ = "planner_events"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="window"),
        CheckConstraint("difficulty_weight >= 1", name="difficulty_weight"),
        CheckConstraint("recurrence_freq IN ('N', 'W', 'M', 'Y')", name="recurrence_freq"),
        Index("ix_planner_events_user_id_event_date", "user_id", "event_date", "title", "id"),
        Index(
            "ix_planner_events_deadlines",
            "user_id",
            "starts_at",
            "event_date",
            "title",
            postgresql_where=text("NOT is_completed AND recurrence_freq = 'N'"),
        ),
        Index(
            "ix_planner_events_series",
            "user_id",
            "event_date",
            postgresql_where=text("NOT is_completed AND recurrence_freq <> 'N'"),
        ),
        Index("ix_planner_events_course_id", "course_id", postgresql_where=text("course_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    course_id: Mapped[int | None]
    title: Mapped[str] = mapped_column(String(120))
    event_date: Mapped[date]
    """The UTC date of `starts_at`, always (planner §2.4)."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    difficulty_weight: Mapped[int] = mapped_column(default=1)
    description: Mapped[str] = mapped_column(String(255), default="")
    is_completed: Mapped[bool] = mapped_column(default=False)
    completed_at: Mapped[datetime | None]
    recurrence_freq: Mapped[str] = mapped_column(String(1), default=NONE)
    recurrence_interval: Mapped[int] = mapped_column(default=1)
    recurrence_end_date: Mapped[date | None]
    """Inclusive."""
    recurrence_count: Mapped[int | None]
    """Occurrences in all, the first included."""
    is_all_day: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Made with a date and no time of day; `starts_at` is noon all the same (planner §2.4)."""
    uid_host: Mapped[str | None]
    """What ends its UID in published calendars; None for what was made since they end with the installation's id."""

    event_attributes = {  # noqa: RUF012 - never changed
        "event_id": "id",
        "user_id": "user_id",
        "title": "title",
        "event_date": "event_date",
        "course_id": "course_id",
        "is_completed": "is_completed",
    }


class CalendarSource(Base):
    """What feeds are read from: an address or a pasted text, once for all the feeds that name it."""

    __tablename__ = "calendar_sources"
    __table_args__ = (
        Index("ix_calendar_sources_next_read_at", "next_read_at", postgresql_where=text("next_read_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the address or text: addresses may be too long for an index."""
    url: Mapped[str | None]
    """None for a pasted text."""
    credentials: Mapped[str | None]
    """User name and password of the address, encrypted."""
    body: Mapped[str] = mapped_column(default="")
    """The text, as pasted or as last fetched: further years are read from it."""
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    entry_count: Mapped[int] = mapped_column(default=0)
    has_series: Mapped[bool] = mapped_column(default=False)
    reading_version: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """The `READING_VERSION` that it was read with; what an older one read is read again."""
    refresh_seconds: Mapped[int | None]
    """How long the publisher wants it to be kept."""
    last_attempt: Mapped[datetime | None]
    last_sync: Mapped[datetime | None]
    """When it was last read with success; what was read then is kept through failures that may pass, for a day."""
    last_error: Mapped[str | None]
    """Why the last attempt failed."""
    failing_since: Mapped[datetime | None]
    """When the first of the attempts that have failed since the last success was made."""
    note: Mapped[str | None]
    """Why it was read in part only, or what of it was guessed."""
    skipped: Mapped[int] = mapped_column(default=0)
    """Entries that could not be read."""
    skipped_reason: Mapped[str | None]
    """Why, of the first of them."""
    failures: Mapped[int] = mapped_column(default=0)
    """In a row."""
    next_read_at: Mapped[datetime | None] = mapped_column(default=now)
    """None for a text that was read: it does not change."""
    claimed_until: Mapped[datetime | None]
    """Somebody reads it right now, and is given up at this time."""
    touched_at: Mapped[datetime] = mapped_column(default=now)
    """When a feed last asked for it: not swept away in between."""


class CalendarYear(Base):
    """A year in which the recurring entries of a source are expanded."""

    __tablename__ = "calendar_years"

    source_id: Mapped[int] = mapped_column(
        ForeignKey("planner.calendar_sources.id", ondelete="CASCADE"), primary_key=True
    )
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    expanded_at: Mapped[datetime] = mapped_column(default=now)


class CalendarOccurrence(Base):
    """An entry as the week shows it (planner §5.3)."""

    __tablename__ = "calendar_occurrences"
    __table_args__ = (Index("ix_calendar_occurrences_source_id_starts_at", "source_id", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("planner.calendar_sources.id", ondelete="CASCADE"))
    year: Mapped[int]
    """The `CalendarYear` it was expanded for; 0 for what does not recur."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    title: Mapped[str | None]
    """None: the feed's title is shown."""
    is_floating: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Its times are what the clock shows wherever the person is: stored as if it showed UTC (planner §5.3)."""


class CalendarFeed(Dated, Base):
    """An imported or subscribed calendar (planner §1.2); the pasted text of one is the body of its source."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        CheckConstraint("source_kind IN ('I', 'S')", name="source_kind"),
        Index("ix_calendar_feeds_user_id_title", "user_id", "title", "id"),
        Index("ix_calendar_feeds_course_id", "course_id", postgresql_where=text("course_id IS NOT NULL")),
        Index("ix_calendar_feeds_source_id", "source_id", postgresql_where=text("source_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    course_id: Mapped[int | None]
    title: Mapped[str] = mapped_column(String(120))
    source_kind: Mapped[str] = mapped_column(String(1), default=IMPORTED)
    source_url: Mapped[str] = mapped_column(default="")
    credentials: Mapped[str | None]
    """User name and password of `source_url`, encrypted; never shown."""
    source_id: Mapped[int | None] = mapped_column(ForeignKey("planner.calendar_sources.id"))
    """What is read (planner §5.1): a pasted text, else the address, else nothing."""
    is_enabled: Mapped[bool] = mapped_column(default=True)


class CalendarLink(Dated, Base):
    """A secret address under which a user's calendar is published."""

    __tablename__ = "calendar_links"
    __table_args__ = (
        Index("ix_calendar_links_user_id_name", "user_id", "name", "id"),
        Index("ix_calendar_links_course_id", "course_id", postgresql_where=text("course_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    course_id: Mapped[int | None]
    """Only what belongs to this course."""
    is_of_course: Mapped[bool] = mapped_column(default=False)
    """Stays when the course is deleted, so that the link does not open up to everything."""
    name: Mapped[str] = mapped_column(String(120))
    include_events: Mapped[bool] = mapped_column(default=True)
    include_sessions: Mapped[bool] = mapped_column(default=True)
    include_deadlines: Mapped[bool] = mapped_column(default=True)
    alarm_minutes: Mapped[int | None]
    """How long before an event programs remind of it; None for not at all."""
    token_digest: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the token, which cannot be shown again."""
    last_read_at: Mapped[datetime | None]
    """When a program last read what is published, to some minutes."""
    last_read_by: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """The User-Agent of that program."""


class Installation(Base):
    """Who this is: one row, made with the schema, that moves with the data."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("single", name="single"),)

    id: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())
    single: Mapped[bool] = mapped_column(primary_key=True, default=True, server_default=true())


class NoteSession(Dated, Base):
    """A span of work on a note (planner §1.3)."""

    __tablename__ = "note_sessions"
    __table_args__ = (
        Index("ix_note_sessions_user_id_started_at", "user_id", text("started_at DESC"), text("id DESC")),
        Index("ix_note_sessions_note_id", "note_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    note_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(255), default="")
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    """None while the work goes on."""
    uid_host: Mapped[str | None]
    """As of a planner event."""


class Activity(Base):
    """Words written on a day, as notes published it (planner §1.4)."""

    __tablename__ = "activities"
    __table_args__ = (
        CheckConstraint("activity_type IN ('C', 'E')", name="activity_type"),
        Index("ix_activities_user_id_activity_date", "user_id", "activity_date"),
        Index("ix_activities_note_id", "note_id"),
        Index("ix_activities_course_id", "course_id", postgresql_where=text("course_id IS NOT NULL")),
    )

    activity_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    note_id: Mapped[int]
    course_id: Mapped[int | None]
    activity_type: Mapped[str] = mapped_column(String(1))
    activity_date: Mapped[date]
    word_count: Mapped[int]


class NoteRef(Base):
    """What the planner knows of a note: a projection of notes' events. A purged one stays as a tombstone."""

    __tablename__ = "note_refs"
    __table_args__ = (
        CheckConstraint("state IN ('live', 'trashed', 'purged')", name="state"),
        Index("ix_note_refs_user_id", "user_id"),
        Index("ix_note_refs_course_id", "course_id", postgresql_where=text("course_id IS NOT NULL")),
    )

    note_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uuid: Mapped[UUID]
    user_id: Mapped[int]
    title: Mapped[str]
    description: Mapped[str]
    course_id: Mapped[int | None]
    revision: Mapped[int]
    """Of the event that title, description and course were taken from."""
    state: Mapped[str]
    state_revision: Mapped[int]
    """Of the event that the state was taken from: a late edit must not hide that the note was trashed before."""


class CourseRef(Base):
    """What the planner knows of a course: a projection of notes' events. A deleted one stays as a tombstone."""

    __tablename__ = "course_refs"
    __table_args__ = (Index("ix_course_refs_user_id", "user_id"),)

    course_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int | None]
    """The owner; None for an ownerless course and for a tombstone."""
    title: Mapped[str]
    revision: Mapped[int]
    is_deleted: Mapped[bool] = mapped_column(default=False)


class AccountState(Base):
    """What identity last published of an account. What was published for others to read is shut with it."""

    __tablename__ = "account_states"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_active: Mapped[bool]
    timezone: Mapped[str] = mapped_column(default="", server_default="")
    """The person's zone, one that this database knows; empty: UTC."""
    revision: Mapped[int]
