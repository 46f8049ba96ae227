"""Reads of planner events (planner §2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, Date, and_, bindparam, or_, select

from notechondria_shared.db import prepare
from planner_service.models import NONE, PlannerEvent

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
"""What a payload is made of."""


@dataclass(slots=True)
class EventRow:
    """A row of `COLUMNS`: an event, or one occurrence of a series."""

    id: int
    title: str
    event_date: date
    starts_at: datetime
    ends_at: datetime
    difficulty_weight: int
    description: str
    course_id: int | None
    is_completed: bool
    completed_at: datetime | None
    recurrence_freq: str
    recurrence_interval: int
    recurrence_end_date: date | None
    recurrence_count: int | None

    @classmethod
    def of(cls, event: PlannerEvent) -> EventRow:
        """An entity as a row."""
        return cls(*(getattr(event, column.key) for column in COLUMNS))


_OWN = select(*COLUMNS).where(PlannerEvent.user_id == bindparam("user_id"))
_SINCE = bindparam("since", type_=Date())
_UNTIL = bindparam("until", type_=Date())
# A series that began before counts as long as it goes on: its occurrences are not in the table.
_GOES_ON = and_(
    PlannerEvent.recurrence_freq != NONE,
    or_(PlannerEvent.recurrence_end_date.is_(None), PlannerEvent.recurrence_end_date >= _SINCE),
)
_LISTED = (
    _OWN.where(
        or_(_SINCE.is_(None), PlannerEvent.event_date >= _SINCE, _GOES_ON),
        or_(_UNTIL.is_(None), PlannerEvent.event_date <= _UNTIL),
    )
    .order_by(PlannerEvent.event_date, PlannerEvent.title, PlannerEvent.id)
    .limit(bindparam("limit", type_=BigInteger))
)

ONE = prepare(_OWN.where(PlannerEvent.id == bindparam("event_id")), EventRow)
OPEN = prepare(_LISTED.where(~PlannerEvent.is_completed), EventRow)
ALL = prepare(_LISTED, EventRow)
