"""What stands under a link: open events, work sessions and deadlines of its owner as an iCalendar document."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from notechondria_shared.db import Reads
from planner_service.calendar_links import queries
from planner_service.calendar_links.ical import component, days_beside, document, rule, start_on, text, utc_timestamp
from planner_service.calendar_links.queries import PublishedEvent, PublishedLink, PublishedSession
from planner_service.models import NONE
from planner_service.note_sessions.payload import SHOWN_WHILE_OPEN
from planner_service.planner_events.recurrence import Series
from planner_service.planner_events.window import Window, later, moved
from planner_service.week.service import NEXT_WITHIN

BACK = timedelta(days=731)
"""How far back what does not recur is published."""
AHEAD = timedelta(days=731)
"""How far ahead days stand beside a rule that does not have them."""
REFRESH = "PT1H"
COLORS = ("teal", "darkorange", "royalblue", "crimson", "olive", "purple", "steelblue", "sienna", "seagreen", "orchid")
"""Of courses, so that each looks the same everywhere: names of CSS (RFC 7986 §5.9)."""
_ADDRESS = re.compile(r"^[ \t]*https?://[^\s\"<>\\^`{|}]+[ \t]*$", re.MULTILINE)
_PRIORITIES = {1: 9, 2: 7, 3: 5, 4: 3}
"""RFC 5545 §3.8.1.9: 1 is highest, 9 lowest."""


async def published(read: Reads, link: PublishedLink, now: datetime) -> bytes:
    """The document of a link (a row of `queries.PUBLISHED`). The same until something changes, but for deadlines that
    pass, and once a day where a series has days that a month lacks."""
    since = now - BACK
    scope: dict[str, object] = {
        "user_id": link.user_id,
        "is_of_course": link.is_of_course,
        "course_id": link.course_id,
    }
    wants_events = link.include_events or link.include_deadlines
    events = await read.all(queries.EVENTS, since=since.date(), **scope) if wants_events else []
    sessions = await read.all(queries.SESSIONS, since=since, **scope) if link.include_sessions else []
    calendar = _Published(link, now.date())
    return await asyncio.to_thread(lambda: document(calendar.lines(events, sessions)))


class _Published:
    """The lines of one document."""

    def __init__(self, link: PublishedLink, today: date) -> None:
        self._link, self._today = link, today

    def lines(self, events: list[PublishedEvent], sessions: list[PublishedSession]) -> Iterator[str]:
        """All of them."""
        name = text(self._link.name)
        yield "BEGIN:VCALENDAR"
        yield "VERSION:2.0"
        yield "PRODID:-//Notechondria//Planner//EN"
        yield "CALSCALE:GREGORIAN"
        yield "METHOD:PUBLISH"
        # RFC 7986, and what programs from before it read.
        yield f"NAME:{name}"
        yield f"X-WR-CALNAME:{name}"
        yield f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}"
        yield f"X-PUBLISHED-TTL:{REFRESH}"
        if self._link.include_events:
            for row in events:
                if _occurs(row):
                    yield from self._event(row)
        for work_session in sessions:
            yield from self._session(work_session)
        if self._link.include_deadlines:
            for row in events:
                yield from self._deadline(row)
        yield "END:VCALENDAR"

    def _uid(self, kind: str, row: PublishedEvent | PublishedSession) -> str:
        return f"{kind}-{row.id}@{row.uid_host or self._link.installation}"

    def _event(self, row: PublishedEvent) -> Iterator[str]:
        at = None if row.is_all_day else row.starts_at.astimezone(UTC).time()
        uid = self._uid("event", row)
        yield from self._span(row, uid, row.event_date, [("RRULE", rule(row, at))])
        for day in days_beside(row, self._today - BACK, self._today + AHEAD):
            yield from self._span(
                row, f"event-{row.id}-{start_on(day)}@{uid.partition('@')[2]}", day, [("RELATED-TO", uid)]
            )

    def _span(self, row: PublishedEvent, uid: str, day: date, more: list[tuple[str, str | None]]) -> Iterator[str]:
        """An event on one day, with the properties that only it has."""
        return component(
            "VEVENT",
            [
                ("UID", uid),
                *_dates(row),
                ("SEQUENCE", str(row.revision - 1)),
                *_times(row, day),
                *more,
                *_words(row),
                ("STATUS", "CONFIRMED"),
            ],
            self._alarm(row, ""),
        )

    def _session(self, row: PublishedSession) -> Iterator[str]:
        return component(
            "VEVENT",
            [
                ("UID", self._uid("session", row)),
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

    def _deadline(self, row: PublishedEvent) -> Iterator[str]:
        """A VTODO due when the event begins: at its next occurrence, as in the week's deadlines (planner §6.4)."""
        today = self._today
        day = Series.of(row).next_from(today, NEXT_WITHIN) if row.recurrence_freq != NONE else row.event_date
        if day is None or day < today:
            return iter(())
        due = ("DUE;VALUE=DATE", start_on(day)) if row.is_all_day else ("DUE", utc_timestamp(_start_on(row, day)))
        return component(
            "VTODO",
            [
                ("UID", self._uid("deadline", row)),
                *_dates(row),
                ("SEQUENCE", str(row.revision - 1)),
                due,
                *_words(row),
                ("PRIORITY", str(_PRIORITIES.get(row.difficulty_weight, 1))),
                ("STATUS", "NEEDS-ACTION"),
            ],
            self._alarm(row, ";RELATED=END"),  # of a VTODO with a DUE alone (RFC 5545 §3.8.6.3)
        )

    def _alarm(self, row: PublishedEvent, related: str) -> Iterator[str]:
        if self._link.alarm_minutes is None:
            return iter(())
        trigger = f"-PT{self._link.alarm_minutes}M"
        return component(
            "VALARM",
            [("ACTION", "DISPLAY"), (f"TRIGGER{related}", trigger), ("DESCRIPTION", text(row.title))],
        )


def _occurs(row: PublishedEvent) -> bool:
    """False for a series that ends before its first day: the week never shows it either (planner §12.1)."""
    return row.recurrence_freq == NONE or Series.of(row).occurrence(0) is not None


def _times(row: PublishedEvent, day: date) -> list[tuple[str, str | None]]:
    if row.is_all_day:
        end = day if day == date.max else day + timedelta(days=1)
        return [("DTSTART;VALUE=DATE", start_on(day)), ("DTEND;VALUE=DATE", start_on(end))]
    window = moved(Window(row.event_date, row.starts_at, row.ends_at), day)
    return [
        ("DTSTART", utc_timestamp(window.starts_at)),
        ("DTEND", utc_timestamp(_end(window.starts_at, window.ends_at))),
    ]


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
    address = _ADDRESS.search(row.description)
    return [
        ("SUMMARY", text(row.title)),
        ("DESCRIPTION", text(row.description)),
        # Where a meeting is held online: programs show the one or the other as a link.
        ("LOCATION", text(address[0].strip()) if address else None),
        ("URL", address[0].strip() if address else None),
        ("CATEGORIES", text(row.course or "")),
        ("COLOR", None if row.course_id is None else COLORS[row.course_id % len(COLORS)]),
    ]
