"""The event payload (planner §2.3), of a row or of one occurrence of a series."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from notechondria_shared.core.timestamps import iso_offset, iso_offset_or_none
from planner_service.models import PlannerEvent
from planner_service.planner_events.window import Window, moved

COLUMNS = (
    PlannerEvent.id,
    PlannerEvent.title,
    PlannerEvent.event_date,
    PlannerEvent.starts_at,
    PlannerEvent.ends_at,
    PlannerEvent.difficulty_weight,
    PlannerEvent.description,
    PlannerEvent.course_id,
    PlannerEvent.is_completed,
    PlannerEvent.completed_at,
    PlannerEvent.recurrence_freq,
    PlannerEvent.recurrence_interval,
    PlannerEvent.recurrence_end_date,
    PlannerEvent.recurrence_count,
)
"""What a payload is made of; queries select exactly these."""


def row_of(event: PlannerEvent) -> dict[str, Any]:
    """An entity as a row of `COLUMNS`."""
    return {column.key: getattr(event, column.key) for column in COLUMNS}


def event_payload(row: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of a row of `COLUMNS`."""
    end_date: date | None = row["recurrence_end_date"]
    return {
        **row,
        "event_date": row["event_date"].isoformat(),
        "starts_at": iso_offset(row["starts_at"]),
        "ends_at": iso_offset(row["ends_at"]),
        "completed_at": iso_offset_or_none(row["completed_at"]),
        "recurrence_end_date": None if end_date is None else end_date.isoformat(),
    }


def at_occurrence(row: Mapping[str, Any], day: date) -> dict[str, Any]:
    """The row as it stands for the occurrence on `day`: date, start and end moved by whole days (planner §12.1)."""
    window = moved(Window(row["event_date"], row["starts_at"], row["ends_at"]), day)
    return {**row, **window._asdict()}
