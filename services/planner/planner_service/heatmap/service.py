"""Building the heatmap (planner §7)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, TypedDict

from notechondria_shared.db import Reads
from planner_service.heatmap import queries

DARKEST = 4
WORDS_PER_GRADE = 100


class CellFields(TypedDict):
    """One day as JSON has it; `schemas.Cell` describes it for clients."""

    date: str
    kind: Literal["past", "today", "future"]
    past_value: int
    future_value: int
    intensity: int
    is_today: bool


class HeatmapFields(TypedDict):
    """The heatmap as JSON has it; `schemas.Heatmap` describes it for clients."""

    today: str
    start_date: str
    end_date: str
    days_before: int
    days_after: int
    cells: list[CellFields]
    max_past_value: int
    max_future_value: int


def past_value(notes: int, most_words: int) -> int:
    """0 to 4 for a day: the notes written on it, or the grade of the longest, whichever is more."""
    grade = max(min(DARKEST, most_words // WORDS_PER_GRADE), 1 if most_words > 0 else 0)
    return min(DARKEST, max(notes, grade))


async def heatmap(read: Reads, user_id: int, today: date, back: int, ahead: int) -> HeatmapFields:
    """The payload of planner §7: `back` days from what was written, `ahead` days from what is planned."""
    first, last = today - timedelta(days=back), today + timedelta(days=ahead)
    written = await read.all(queries.WRITTEN, user_id=user_id, first=first, today=today)
    planned = await read.all(queries.PLANNED, user_id=user_id, today=today, last=last)
    past = {row.day: past_value(row.notes, row.most_words) for row in written}
    future = {row.day: int(row.weight) for row in planned}
    days = (first + timedelta(days=n) for n in range(back + 1 + ahead))
    return {
        "today": today.isoformat(),
        "start_date": first.isoformat(),
        "end_date": last.isoformat(),
        "days_before": back,
        "days_after": ahead,
        "cells": [_cell(day, today, past.get(day, 0), future.get(day, 0)) for day in days],
        "max_past_value": max(past.values(), default=0),
        "max_future_value": max(future.values(), default=0),
    }


def _cell(day: date, today: date, past: int, future: int) -> CellFields:
    return {
        "date": day.isoformat(),
        "kind": "today" if day == today else "past" if day < today else "future",
        "past_value": past,
        "future_value": future,
        "intensity": past if day <= today else min(DARKEST, future),
        "is_today": day == today,
    }
