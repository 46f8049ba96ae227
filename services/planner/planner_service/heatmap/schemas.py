"""The heatmap on the wire (planner §7)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from notechondria_contracts.fields.formats import IsoDate


class Cell(BaseModel):
    """One day: 0 to 4 for what was written, the summed weight of what is planned, and how dark it is drawn."""

    date: IsoDate
    kind: Literal["past", "today", "future"]
    past_value: int
    future_value: int
    intensity: int
    is_today: bool


class Heatmap(BaseModel):
    """`GET /heatmap/`: 365 days, ascending, without gaps."""

    today: IsoDate
    start_date: IsoDate
    end_date: IsoDate
    days_before: int
    days_after: int
    cells: list[Cell]
    max_past_value: int
    max_future_value: int
