"""The event payload (planner §2.3), of a row or of one occurrence of a series."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TypedDict

from notechondria_shared.core.timestamps import iso_offset, iso_offset_or_none
from planner_service.planner_events.queries import EventRow
from planner_service.planner_events.window import Window, moved


class EventFields(TypedDict):
    """A planner event as JSON has it; `schemas.EventPayload` describes it for clients."""

    id: int
    title: str
    event_date: str
    starts_at: str
    ends_at: str
    difficulty_weight: int
    description: str
    course_id: int | None
    is_completed: bool
    completed_at: str | None
    recurrence_freq: str
    recurrence_interval: int
    recurrence_end_date: str | None
    recurrence_count: int | None


def event_fields(row: EventRow) -> EventFields:
    """The payload of a row."""
    end_date = row.recurrence_end_date
    return {
        "id": row.id,
        "title": row.title,
        "event_date": row.event_date.isoformat(),
        "starts_at": iso_offset(row.starts_at),
        "ends_at": iso_offset(row.ends_at),
        "difficulty_weight": row.difficulty_weight,
        "description": row.description,
        "course_id": row.course_id,
        "is_completed": row.is_completed,
        "completed_at": iso_offset_or_none(row.completed_at),
        "recurrence_freq": row.recurrence_freq,
        "recurrence_interval": row.recurrence_interval,
        "recurrence_end_date": None if end_date is None else end_date.isoformat(),
        "recurrence_count": row.recurrence_count,
    }


def at_occurrence(row: EventRow, day: date) -> EventRow:
    """The row as it stands for the occurrence on `day`: date, start and end moved by whole days (planner §12.1)."""
    window = moved(Window(row.event_date, row.starts_at, row.ends_at), day)
    return replace(row, event_date=window.event_date, starts_at=window.starts_at, ends_at=window.ends_at)
