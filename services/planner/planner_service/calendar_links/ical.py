"""Writing iCalendar (RFC 5545): lines, and the components that Google, Outlook and Apple read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from planner_service.models import MONTHLY, NONE, WEEKLY, YEARLY
from planner_service.planner_events.recurrence import MOST_OCCURRENCES, Recurring, Series

LONGEST_LINE = 75
"""Bytes of a line, its end not counted (RFC 5545 §3.1)."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
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


def rule(row: Recurring) -> str | None:
    """The RRULE of an event's row, of the same days as here; None for what happens once.

    A day that a month lacks is its last one (planner §12.1), which RFC 5545 says as "the last of these days".
    """
    series = Series.of(row)
    if series.freq == NONE or series.occurrence(1) is None:
        return None
    parts = [f"FREQ={_FREQUENCIES[series.freq]}"]
    if series.interval > 1:
        parts.append(f"INTERVAL={series.interval}")
    first = series.first
    if series.freq == MONTHLY and first.day > 28:
        parts.append(f"BYMONTHDAY={','.join(str(day) for day in range(28, first.day + 1))};BYSETPOS=-1")
    elif series.freq == YEARLY and (first.month, first.day) == (2, 29):
        parts.append("BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1")
    if series.count is not None and series.end_date is not None:
        # Not both may stand there: whichever ends it first.
        parts.append(f"COUNT={sum(1 for _ in series.between(first, series.end_date))}")
    elif series.count is not None:
        parts.append(f"COUNT={min(series.count, MOST_OCCURRENCES)}")
    elif series.end_date is not None:
        parts.append(f"UNTIL={_end_of(series.end_date)}")
    return ";".join(parts)


def _end_of(day: date) -> str:
    return f"{day.year:04}{day:%m%d}T235959Z"


def component(name: str, properties: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    """The lines of a component; properties without a value are left out."""
    yield f"BEGIN:{name}"
    for key, value in properties:
        if value:
            yield f"{key}:{value}"
    yield f"END:{name}"
