"""Writing iCalendar (RFC 5545): lines, and the components that Google, Outlook and Apple read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time

from planner_service.models import MONTHLY, NONE, WEEKLY, YEARLY
from planner_service.planner_events.recurrence import MOST_OCCURRENCES, Recurring, Series

LONGEST_LINE = 75
"""Bytes of a line, its end not counted (RFC 5545 §3.1)."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONGEST_MONTH = 31
_FREQUENCIES = {WEEKLY: "WEEKLY", MONTHLY: "MONTHLY", YEARLY: "YEARLY"}


def text(value: str) -> str:
    """A TEXT value (RFC 5545 §3.3.11)."""
    plain = _CONTROL.sub("", value).replace("\r\n", "\n").replace("\r", "\n")
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def utc_timestamp(value: datetime) -> str:
    """A DATE-TIME in UTC; years have four digits."""
    value = value.astimezone(UTC)
    return f"{value.year:04}{value:%m%dT%H%M%SZ}"


def folded(line: str) -> Iterator[str]:
    """The line in pieces that are short enough, characters kept whole."""
    rest = line.encode()
    first = True
    while rest:
        end = LONGEST_LINE - (0 if first else 1)
        if len(rest) > end:
            while rest[end] & 0xC0 == 0x80:
                end -= 1
        yield ("" if first else " ") + rest[:end].decode()
        rest, first = rest[end:], False


def document(lines: Iterable[str]) -> bytes:
    """The lines as they travel."""
    return "".join(f"{piece}\r\n" for line in lines for piece in folded(line)).encode()


def rule(row: Recurring, at: time | None) -> str | None:
    """The RRULE of an event's row, of the same days as here but for `days_beside`; None for what happens once.

    `at` is the time of day of its starts (UTC), None for whole days. A day that a month lacks is its last one
    (planner §12.1). RFC 5545 can say so with BYSETPOS, which half of the programs misread: the 31st is written as the
    last day, 29 February as that of February.
    """
    series = Series.of(row)
    if series.freq == NONE or series.occurrence(1) is None:
        return None
    first = series.first
    parts = [f"FREQ={_FREQUENCIES[series.freq]}"]
    if series.interval > 1:
        parts.append(f"INTERVAL={series.interval}")
    if series.freq == YEARLY and (first.month, first.day) == (2, 29):
        parts.append("BYMONTH=2;BYMONTHDAY=-1")
    elif series.freq == MONTHLY and first.day == _LONGEST_MONTH:
        parts.append("BYMONTHDAY=-1")
    elif _lacks_days(series):
        parts.append(f"BYMONTHDAY={first.day}")
    last = series.end_date if series.count is None else series.last()
    if last is not None and _lacks_days(series):
        parts.append(f"UNTIL={_end_of(last, at)}")  # the rule has fewer days than the series
    elif series.count is not None:
        length = min(series.count, MOST_OCCURRENCES)
        if series.end_date is not None:
            # Not both may stand there: whichever ends it first.
            length = sum(1 for _ in series.between(first, series.end_date))
        parts.append(f"COUNT={length}")
    elif last is not None:
        parts.append(f"UNTIL={_end_of(last, at)}")
    return ";".join(parts)


def days_beside(row: Recurring, first: date, last: date) -> list[date]:
    """The ends of February within `first`..`last` on which a series of a 29th or 30th happens, too.

    They stand as entries of their own: as RDATEs some programs leave them out.
    """
    series = Series.of(row)
    if not _lacks_days(series):
        return []
    return [day for day in series.between(max(series.first, first), last) if day.day != series.first.day]


def _lacks_days(series: Series) -> bool:
    return series.freq == MONTHLY and series.first.day in {29, 30} and series.occurrence(1) is not None


def start_on(day: date) -> str:
    """A DATE."""
    return f"{day.year:04}{day:%m%d}"


def _end_of(day: date, at: time | None) -> str:
    """An UNTIL is of the same kind as DTSTART (RFC 5545 §3.3.10)."""
    return start_on(day) + ("T235959Z" if at is not None else "")


def component(name: str, properties: Iterable[tuple[str, str | None]], inside: Iterable[str] = ()) -> Iterator[str]:
    """The lines of a component with the lines of others inside; properties without a value are left out."""
    yield f"BEGIN:{name}"
    for key, value in properties:
        if value:
            yield f"{key}:{value}"
    yield from inside
    yield f"END:{name}"
