"""Building the activity week (planner §6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from notechondria_shared.db import Reads
from notechondria_shared.db.tables import Row
from planner_service.calendar_feeds.queries import ENTRIES
from planner_service.note_sessions.payload import session_payload
from planner_service.planner_events.payload import at_occurrence, event_payload
from planner_service.planner_events.recurrence import Series
from planner_service.week import queries
from planner_service.week.days import WEEK, Days, shifted
from planner_service.week.urgency import urgency_score

NEXT_WITHIN = timedelta(days=400)
"""How far ahead the next occurrence of a series is a deadline (planner §12.1)."""

Item = dict[str, Any]


async def week(read: Reads, user_id: int, days: Days, at: datetime) -> dict[str, Any]:
    """The payload of planner §6.2; `moment` is now."""
    today = at.date()
    horizon = shifted(today, NEXT_WITHIN.days)
    single = await read.all(queries.SINGLE_EVENTS, user_id=user_id, first=days.first, last=days.last)
    series = await read.all(queries.SERIES, user_id=user_id, first=min(days.first, today), last=max(days.last, horizon))
    sessions = await read.all(queries.SESSIONS, user_id=user_id, start=days.start, end=days.end)
    entries = await read.all(ENTRIES, user_id=user_id, start=days.start, end=days.end)
    due = await read.all(queries.DEADLINES, user_id=user_id, today=today)
    return {
        "start_date": days.first.isoformat(),
        "previous_week_start": shifted(days.first, -WEEK).isoformat(),
        "next_week_start": shifted(days.first, WEEK).isoformat(),
        "days": _grid(days, [*single, *_occurrences(series, days)], sessions, entries),
        "deadlines": _deadlines([*due, *_next(series, today)], at),
    }


def _occurrences(series: Iterable[Row], days: Days) -> Iterable[Row]:
    for row in series:
        for day in Series.of(row).between(days.first, days.last):
            yield at_occurrence(row, day)


def _next(series: Iterable[Row], today: date) -> Iterable[Row]:
    for row in series:
        if (day := Series.of(row).next_from(today, NEXT_WITHIN)) is not None:
            yield at_occurrence(row, day)


def _grid(days: Days, plans: Iterable[Row], sessions: Iterable[Row], entries: Iterable[Row]) -> list[dict[str, Any]]:
    grid: dict[str, list[Item]] = {day.isoformat(): [] for day in days.each()}
    for row in plans:
        item = event_payload(row)
        grid[item["event_date"]].append(
            {**item, "kind": "plan", "source_id": item["id"], "occurrence_date": item["event_date"]}
        )
    for row in sessions:
        grid[row["started_at"].astimezone(UTC).date().isoformat()].append(session_payload(row))
    for row in entries:
        grid[row["starts_at"][:10]].append(row)
    # Sorting is stable: plans stay before sessions, sessions before calendars that start together (planner §6.3).
    # A day that stands for those after the end of the calendar shows its items once (decision 17).
    return [
        {"date": day.isoformat(), "events": sorted(grid.pop(day.isoformat(), ()), key=lambda item: item["starts_at"])}
        for day in days.each()
    ]


def _deadlines(rows: Iterable[Row], at: datetime) -> list[Item]:
    scored = [
        {**event_payload(row), "urgency_score": urgency_score(row["difficulty_weight"], row["starts_at"], at)}
        for row in rows
    ]
    return sorted(scored, key=lambda item: (-item["urgency_score"], item["starts_at"], item["title"]))
