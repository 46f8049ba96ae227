"""Planner events on the wire (planner §2.2, §2.3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import BaseModel

from notechondria_contracts.fields import Boolean, Choice, Date, DateTime, Id, Integer, Text
from notechondria_contracts.fields.formats import IsoDate, IsoTimestamp
from notechondria_shared.web import Body
from notechondria_shared.web.query import QueryDate, QueryFlag, QueryInteger
from planner_service.models import FREQUENCIES, NONE
from planner_service.planner_events.payload import event_fields
from planner_service.planner_events.queries import EventRow

Title = Text(max_length=120)
Description = Text(max_length=255, blank=True, null=True)
Weight = Integer(minimum=1)
CourseId = Id(null=True)
Timestamp = DateTime(null=True)
Frequency = Choice(FREQUENCIES)
Interval = Integer(minimum=1)
Count = Integer(minimum=1, null=True)
EndDate = Date(null=True)
RecurrenceFrequency = Literal["N", "W", "M", "Y"]
"""Never, weekly, monthly, yearly (planner §12.1)."""

EventLimit = Annotated[
    int | None, QueryInteger(1, 200, lenient=True), Query(description="Events at most; all without one.")
]
FirstDay = Annotated[date | None, QueryDate(), Query(description="Only events on this day and after it, YYYY-MM-DD.")]
LastDay = Annotated[date | None, QueryDate(), Query(description="Only events on this day and before it, YYYY-MM-DD.")]
IncludeCompleted = Annotated[bool | None, QueryFlag(), Query(description="`1` or `true`: completed events, too.")]


class CreateEvent(Body):
    """`POST /planner-events/`."""

    title: Annotated[str, Title]
    event_date: Annotated[date, Date()]
    starts_at: Annotated[datetime | None, Timestamp] = None
    ends_at: Annotated[datetime | None, Timestamp] = None
    difficulty_weight: Annotated[int, Weight] = 1
    description: Annotated[str | None, Description] = ""
    course_id: Annotated[int | None, CourseId] = None
    is_completed: Annotated[bool, Boolean()] = False
    completed_at: Annotated[datetime | None, Timestamp] = None
    recurrence_freq: Annotated[str, Frequency] = NONE
    recurrence_interval: Annotated[int, Interval] = 1
    recurrence_end_date: Annotated[date | None, EndDate] = None
    recurrence_count: Annotated[int | None, Count] = None


class ChangeEvent(Body):
    """`PATCH /planner-events/{id}/`: only the keys that were sent are touched."""

    title: Annotated[str | None, Title] = None
    event_date: Annotated[date | None, Date()] = None
    starts_at: Annotated[datetime | None, Timestamp] = None
    ends_at: Annotated[datetime | None, Timestamp] = None
    difficulty_weight: Annotated[int | None, Weight] = None
    description: Annotated[str | None, Description] = None
    course_id: Annotated[int | None, CourseId] = None
    is_completed: Annotated[bool | None, Boolean()] = None
    completed_at: Annotated[datetime | None, Timestamp] = None
    recurrence_freq: Annotated[str | None, Frequency] = None
    recurrence_interval: Annotated[int | None, Interval] = None
    recurrence_end_date: Annotated[date | None, EndDate] = None
    recurrence_count: Annotated[int | None, Count] = None


class EventPayload(BaseModel):
    """A planner event in answers (planner §2.3); dates `YYYY-MM-DD`, timestamps ISO 8601 with `+00:00`."""

    id: int
    title: str
    event_date: IsoDate
    starts_at: IsoTimestamp
    ends_at: IsoTimestamp
    difficulty_weight: int
    description: str
    course_id: int | None
    is_completed: bool
    completed_at: IsoTimestamp | None
    recurrence_freq: RecurrenceFrequency
    recurrence_interval: int
    recurrence_end_date: IsoDate | None
    recurrence_count: int | None

    @classmethod
    def of(cls, row: EventRow) -> Self:
        """The payload of a row."""
        return cls.model_validate(event_fields(row))
