"""The activity week on the wire (planner §6.2 - §6.4)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel

from notechondria_contracts.fields.formats import IsoDate, IsoTimestamp
from notechondria_shared.web.query import QueryChoice, QueryText
from planner_service.note_sessions.schemas import SessionPayload
from planner_service.planner_events.schemas import EventPayload

StartDate = Annotated[
    str,
    QueryText(format="date", lenient=True),
    Query(description="First day, a date or date-time; today (UTC) when unreadable."),
]
WeekLength = Annotated[
    Literal[3, 7, 30] | None, QueryChoice(("3", "7", "30"), "integer"), Query(description="Days; 7 for anything else.")
]


class PlanItem(EventPayload):
    """An occurrence of a planner event in the grid; `source_id` is the event's id."""

    kind: Literal["plan"]
    source_id: int
    occurrence_date: IsoDate


class CalendarItem(BaseModel):
    """An entry of a feed; `source_id` and `calendar_title` are the feed's."""

    title: str
    kind: Literal["calendar"]
    course_id: int | None
    source_id: int
    calendar_title: str
    starts_at: IsoTimestamp
    ends_at: IsoTimestamp


class Deadline(EventPayload):
    """An open event that lies ahead, with its weight per hour left; at the end completed ones of the window, with 0."""

    urgency_score: float


class Day(BaseModel):
    """One day of the grid."""

    date: IsoDate
    events: list[PlanItem | SessionPayload | CalendarItem]


class Week(BaseModel):
    """`GET /activity/week/`; dates `YYYY-MM-DD`."""

    start_date: IsoDate
    previous_week_start: IsoDate
    next_week_start: IsoDate
    days: list[Day]
    deadlines: list[Deadline]
