"""What stands under a link: open events, work sessions and deadlines of its owner as an iCalendar document."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from notechondria_shared.db import Reads
from planner_service.calendar_links import queries
from planner_service.calendar_links.ical import component, document, rule, text, utc_timestamp
from planner_service.calendar_links.queries import PublishedEvent, PublishedLink, PublishedSession
from planner_service.models import NONE
from planner_service.note_sessions.payload import SHOWN_WHILE_OPEN
from planner_service.planner_events.recurrence import Series
from planner_service.planner_events.window import Window, later, moved
from planner_service.week.service import NEXT_WITHIN

BACK = timedelta(days=731)
"""How far back what does not recur is published."""
REFRESH = "PT1H"
_PRIORITIES = {1: 9, 2: 7, 3: 5, 4: 3}
"""RFC 5545 §3.8.1.9: 1 is highest, 9 lowest."""


async def published(read: Reads, link: PublishedLink, host: str, now: datetime) -> bytes:
    """The document of a link (a row of `queries.PUBLISHED`); `host` makes the UIDs ours. The same until something
    changes, but for deadlines that pass."""
    since = now - BACK
    scope: dict[str, object] = {
        "user_id": link.user_id,
        "is_of_course": link.is_of_course,
        "course_id": link.course_id,
    }
    wants_events = link.include_events or link.include_deadlines
    events = await read.all(queries.EVENTS, since=since.date(), **scope) if wants_events else []
    sessions = await read.all(queries.SESSIONS, since=since, **scope) if link.include_sessions else []
    return await asyncio.to_thread(lambda: document(_calendar(link, events, sessions, host, now.date())))


def _calendar(
    link: PublishedLink, events: list[PublishedEvent], sessions: list[PublishedSession], host: str, today: date
) -> Iterator[str]:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield "PRODID:-//Notechondria//Planner//EN"
    yield "CALSCALE:GREGORIAN"
    yield "METHOD:PUBLISH"
    yield f"X-WR-CALNAME:{text(link.name)}"
    yield f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}"
    yield f"X-PUBLISHED-TTL:{REFRESH}"
    if link.include_events:
        for row in events:
            if _occurs(row):
                yield from _event(row, host)
    for work_session in sessions:
        yield from _session(work_session, host)
    if link.include_deadlines:
        for row in events:
            yield from _deadline(row, host, today)
    yield "END:VCALENDAR"


def _occurs(row: PublishedEvent) -> bool:
    """False for a series that ends before its first day: the week never shows it either (planner §12.1)."""
    return row.recurrence_freq == NONE or Series.of(row).occurrence(0) is not None


def _event(row: PublishedEvent, host: str) -> Iterator[str]:
    return component(
        "VEVENT",
        [
            ("UID", f"event-{row.id}@{host}"),
            *_dates(row),
            ("SEQUENCE", str(row.revision - 1)),
            ("DTSTART", utc_timestamp(row.starts_at)),
            ("DTEND", utc_timestamp(_end(row.starts_at, row.ends_at))),
            ("RRULE", rule(row)),
            *_words(row),
            ("STATUS", "CONFIRMED"),
        ],
    )


def _session(row: PublishedSession, host: str) -> Iterator[str]:
    return component(
        "VEVENT",
        [
            ("UID", f"session-{row.id}@{host}"),
            *_dates(row),
            # Sessions count no revisions; the seconds up to the last edit grow as well.
            ("SEQUENCE", str(int((row.last_edit - row.date_created).total_seconds()))),
            ("DTSTART", utc_timestamp(row.started_at)),
            ("DTEND", utc_timestamp(_end(row.started_at, row.ended_at or later(row.started_at, SHOWN_WHILE_OPEN)))),
            *_words(row),
            ("STATUS", "CONFIRMED"),
            ("TRANSP", "TRANSPARENT"),
        ],
    )


def _deadline(row: PublishedEvent, host: str, today: date) -> Iterator[str]:
    """A VTODO that is due when the event begins: at its next occurrence, as in the week's deadlines (planner §6.4)."""
    day = Series.of(row).next_from(today, NEXT_WITHIN) if row.recurrence_freq != NONE else row.event_date
    if day is None or day < today:
        return iter(())
    return component(
        "VTODO",
        [
            ("UID", f"deadline-{row.id}@{host}"),
            *_dates(row),
            ("SEQUENCE", str(row.revision - 1)),
            ("DUE", utc_timestamp(_start_on(row, day))),
            *_words(row),
            ("PRIORITY", str(_PRIORITIES.get(row.difficulty_weight, 1))),
            ("STATUS", "NEEDS-ACTION"),
        ],
    )


def _start_on(row: PublishedEvent, day: date) -> datetime:
    return moved(Window(row.event_date, row.starts_at, row.ends_at), day).starts_at


def _end(start: datetime, end: datetime) -> datetime:
    """At least a second after the start: DTEND must lie after DTSTART (RFC 5545 §3.8.2.2), sessions may end before."""
    return max(end, later(start, timedelta(seconds=1)))


def _dates(row: PublishedEvent | PublishedSession) -> list[tuple[str, str | None]]:
    return [
        ("DTSTAMP", utc_timestamp(row.last_edit)),
        ("CREATED", utc_timestamp(row.date_created)),
        ("LAST-MODIFIED", utc_timestamp(row.last_edit)),
    ]


def _words(row: PublishedEvent | PublishedSession) -> list[tuple[str, str | None]]:
    return [
        ("SUMMARY", text(row.title)),
        ("DESCRIPTION", text(row.description)),
        ("CATEGORIES", text(row.course or "")),
    ]
