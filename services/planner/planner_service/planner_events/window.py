"""When an event takes place (planner §2.4): pure rules over its date, start and end."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from notechondria_shared.core.errors import FieldErrors

NOON = time(12, tzinfo=UTC)
HOUR = timedelta(hours=1)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)
TOO_LATE = "Ensure this value leaves room for an end after it."


class Window(NamedTuple):
    """A settled window: `event_date` is the UTC date of `starts_at`, `ends_at` lies after it."""

    event_date: date
    starts_at: datetime
    ends_at: datetime


def later(at: datetime, by: timedelta) -> datetime:
    """`at + by`, not beyond the last time a calendar has."""
    return END_OF_TIME if by > END_OF_TIME - at else at + by


def settle(event_date: date, starts_at: datetime | None, ends_at: datetime | None) -> Window:
    """The steps of planner §2.4: start at noon by default, one hour by default or when inverted, date of the start.

    Moments are aware and UTC. 400 when nothing can end after the start.
    """
    start = starts_at or datetime.combine(event_date, NOON)
    end = ends_at if ends_at is not None and ends_at > start else later(start, HOUR)
    if end <= start:
        raise FieldErrors(starts_at=TOO_LATE)
    return Window(start.date(), start, end)


def moved(window: Window, to: date) -> Window:
    """The window moved by whole days, so that it starts on the date `to`."""
    days = to - window.event_date
    return Window(to, window.starts_at + days, later(window.ends_at, days))
