"""Recurring events (planner §12.1): their occurrences by arithmetic, never by walking from the first one."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol, Self

from planner_service.models import NONE, WEEKLY, YEARLY

MOST_OCCURRENCES = 4000


class Recurring(Protocol):
    """The columns of an event that say when it happens."""

    event_date: date
    recurrence_freq: str
    recurrence_interval: int
    recurrence_end_date: date | None
    recurrence_count: int | None


@dataclass(frozen=True, slots=True)
class Series:
    """The rule of an event: its first date, and how it goes on from there."""

    first: date
    freq: str
    interval: int = 1
    end_date: date | None = None
    """Inclusive."""
    count: int | None = None
    """Occurrences in all, the first included."""

    @classmethod
    def of(cls, row: Recurring) -> Self:
        """The series of an event's row."""
        return cls(
            row.event_date, row.recurrence_freq, row.recurrence_interval, row.recurrence_end_date, row.recurrence_count
        )

    @property
    def _length(self) -> int:
        if self.freq == NONE:
            return 1
        return min(self.count or MOST_OCCURRENCES, MOST_OCCURRENCES)

    @property
    def _months(self) -> int:
        return self.interval * (12 if self.freq == YEARLY else 1)

    def occurrence(self, k: int) -> date | None:
        """The date of occurrence `k`, 0 being the first; None beyond the series or the calendar."""
        if not 0 <= k < self._length:
            return None
        day = self._date(k)
        return None if day is None or (self.end_date is not None and day > self.end_date) else day

    def last(self) -> date | None:
        """The date of the last occurrence of a series that is counted."""
        if self.count is None:
            return None
        days = (self.occurrence(k) for k in range(self._length - 1, -1, -1))
        return next((day for day in days if day is not None), None)

    def _date(self, k: int) -> date | None:
        if self.freq in {NONE, WEEKLY}:
            ordinal = self.first.toordinal() + 7 * self.interval * k
            return date.fromordinal(ordinal) if ordinal <= date.max.toordinal() else None
        year, month = divmod(self.first.year * 12 + self.first.month - 1 + self._months * k, 12)
        if year > date.max.year:
            return None
        # Clamped from the original day each time: 31 January, 28 February, 31 March.
        return date(year, month + 1, min(self.first.day, calendar.monthrange(year, month + 1)[1]))

    def between(self, first: date, last: date) -> Iterator[date]:
        """The occurrences from `first` to `last`, both inclusive, in order."""
        k = self._index_near(first)
        while (day := self.occurrence(k)) is not None and day <= last:
            if day >= first:
                yield day
            k += 1

    def _index_near(self, day: date) -> int:
        """The index of the first occurrence on or after `day`, or of the one before it."""
        if day <= self.first:
            return 0
        if self.freq in {NONE, WEEKLY}:
            return -((self.first - day).days // (7 * self.interval))
        months = (day.year - self.first.year) * 12 + day.month - self.first.month
        return months // self._months

    def next_from(self, day: date, within: timedelta) -> date | None:
        """The first occurrence from `day` on, at most `within` later; None when there is none."""
        last = day + within if within <= date.max - day else date.max
        return next(self.between(day, last), None)
