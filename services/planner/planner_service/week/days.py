"""Which days a week shows (planner §6.1): pure rules, clamped at the edges of the calendar (decision 17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from notechondria_contracts.fields.rules import parse_datetime

WEEK = 7


def shifted(day: date, days: int) -> date:
    """`day` moved by `days`, not beyond the first and last day a calendar has."""
    ordinal = day.toordinal() + days
    return date.fromordinal(max(date.min.toordinal(), min(date.max.toordinal(), ordinal)))


@dataclass(frozen=True, slots=True)
class Days:
    """A number of days from `first` on, none beyond the last day a calendar has."""

    first: date
    length: int

    @classmethod
    def asked(cls, start_date: str, days: int | None, today: date) -> Days:
        """What the query asks for: an unreadable start is today, no length is 7 days."""
        first = _read_day(start_date.strip()) or today
        return cls(first, days or WEEK)

    @property
    def last(self) -> date:
        """The last day, inclusive."""
        return shifted(self.first, self.length - 1)

    def each(self) -> list[date]:
        """Every day, in order; at the end of the calendar its last day again and again, so that their number holds."""
        return [shifted(self.first, n) for n in range(self.length)]

    @property
    def start(self) -> datetime:
        """The start of the first day, UTC."""
        return datetime.combine(self.first, time.min, UTC)

    @property
    def end(self) -> datetime:
        """The end of the last day, UTC, inclusive: the day after might not exist."""
        return datetime.combine(self.last, time.max, UTC)


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        at = parse_datetime(text)
        return None if at is None else at.date()
