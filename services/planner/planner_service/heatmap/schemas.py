"""The heatmap on the wire (planner §7)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel

from notechondria_contracts.fields.formats import IsoDate
from notechondria_shared.web.query import QueryInteger

HALF_A_YEAR = 182
"""Days before and after today without parameters."""
DaysBack = Annotated[
    int | None, QueryInteger(1, 366, strict=True), Query(description="Days before today; 182 without it (apps §7).")
]
DaysAhead = Annotated[
    int | None, QueryInteger(1, 366, strict=True), Query(description="Days after today; 182 without it (apps §7).")
]


class Cell(BaseModel):
    """One day: 0 to 4 for what was written, the summed weight of what is planned, and how dark it is drawn."""

    date: IsoDate
    kind: Literal["past", "today", "future"]
    past_value: int
    future_value: int
    intensity: int
    is_today: bool


class Heatmap(BaseModel):
    """`GET /heatmap/`: the days asked for, 365 without parameters, ascending, without gaps."""

    today: IsoDate
    start_date: IsoDate
    end_date: IsoDate
    days_before: int
    days_after: int
    cells: list[Cell]
    max_past_value: int
    max_future_value: int
