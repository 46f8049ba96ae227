"""Building the activity week (planner §6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypedDict

from notechondria_shared.db import Reads
from planner_service.calendar_feeds.queries import ENTRIES, EntryFields
from planner_service.note_sessions.payload import SessionFields, session_fields
from planner_service.note_sessions.queries import SessionRow
from planner_service.planner_events.payload import EventFields, at_occurrence, event_fields
from planner_service.planner_events.queries import EventRow
from planner_service.planner_events.recurrence import Series
from planner_service.week import queries
from planner_service.week.days import WEEK, Days, shifted
from planner_service.week.urgency import urgency_score

NEXT_WITHIN = timedelta(days=400)
"""How far ahead the next occurrence of a series is a deadline (planner §12.1)."""


class PlanFields(EventFields):
    """An occurrence of a planner event in the grid."""

    kind: Literal["plan"]
    source_id: int
    occurrence_date: str


class DeadlineFields(EventFields):
    """An open event that lies ahead, or a completed one of the window."""

    urgency_score: float


Item = PlanFields | SessionFields | EntryFields


class DayFields(TypedDict):
    """One day of the grid."""

    date: str
    events: list[Item]


class WeekFields(TypedDict):
    """The week as JSON has it; `schemas.Week` describes it for clients."""

    start_date: str
    previous_week_start: str
    next_week_start: str
    days: list[DayFields]
    deadlines: list[DeadlineFields]


async def week(read: Reads, user_id: int, days: Days, at: datetime) -> WeekFields:
    """The payload of planner §6.2; `at` is now."""
    today = at.date()
    horizon = shifted(today, NEXT_WITHIN.days)
    dated = await read.all(queries.EVENTS_OF_WINDOW, user_id=user_id, first=days.first, last=days.last)
    single, completed = [row for row in dated if not row.is_completed], [row for row in dated if row.is_completed]
    series = await read.all(queries.SERIES, user_id=user_id, first=min(days.first, today), last=max(days.last, horizon))
    sessions = await read.all(queries.SESSIONS, user_id=user_id, start=days.start, end=days.end)
    entries = await read.all(ENTRIES, user_id=user_id, start=days.start, end=days.end)
    due = await read.all(queries.DEADLINES, user_id=user_id, today=today)
    return {
        "start_date": days.first.isoformat(),
        "previous_week_start": shifted(days.first, -WEEK).isoformat(),
        "next_week_start": shifted(days.first, WEEK).isoformat(),
        "days": _grid(days, [*single, *_occurrences(series, days)], sessions, entries),
        "deadlines": [
            *_deadlines([*due, *_next(series, today)], at),
            *_struck_through(completed[: queries.MOST_COMPLETED]),
        ],
    }


def _occurrences(series: Iterable[EventRow], days: Days) -> Iterable[EventRow]:
    for row in series:
        for day in Series.of(row).between(days.first, days.last):
            yield at_occurrence(row, day)


def _next(series: Iterable[EventRow], today: date) -> Iterable[EventRow]:
    for row in series:
        if (day := Series.of(row).next_from(today, NEXT_WITHIN)) is not None:
            yield at_occurrence(row, day)


def _grid(
    days: Days, plans: Iterable[EventRow], sessions: Iterable[SessionRow], entries: Iterable[EntryFields]
) -> list[DayFields]:
    grid: dict[str, list[Item]] = {day.isoformat(): [] for day in days.each()}
    for row in plans:
        item = event_fields(row)
        grid[item["event_date"]].append(
            {**item, "kind": "plan", "source_id": item["id"], "occurrence_date": item["event_date"]}
        )
    for work_session in sessions:
        grid[work_session.started_at.astimezone(UTC).date().isoformat()].append(session_fields(work_session))
    for entry in entries:
        grid[entry["starts_at"][:10]].append(entry)
    # Sorting is stable: plans stay before sessions, sessions before calendars that start together (planner §6.3).
    # A day that stands for those after the end of the calendar shows its items once (decision 17).
    return [
        {"date": day.isoformat(), "events": sorted(grid.pop(day.isoformat(), ()), key=lambda item: item["starts_at"])}
        for day in days.each()
    ]


def _deadlines(rows: Iterable[EventRow], at: datetime) -> list[DeadlineFields]:
    scored: list[DeadlineFields] = [
        {**event_fields(row), "urgency_score": urgency_score(row.difficulty_weight, row.starts_at, at)} for row in rows
    ]
    return sorted(scored, key=lambda item: (-item["urgency_score"], item["starts_at"], item["title"]))


def _struck_through(rows: Iterable[EventRow]) -> Iterable[DeadlineFields]:
    for row in rows:
        yield {**event_fields(row), "urgency_score": 0.0}
