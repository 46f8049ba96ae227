"""Values of iCalendar properties: timestamps and durations (RFC 5545 §3.3, planner §5.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from planner_service.calendars.lines import Property
from planner_service.calendars.zones import Zones

# As RFC 5545 has them, and as ISO 8601 has them: what is meant is plain.
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_TIMESTAMP = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})[Tt ]?(\d{2}|\d(?=:)):?(\d{2})(?::?(\d{2})(?:[.,]\d+)?)?"
    r"\s?([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII,
)
_DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,6})W)?(?:(\d{1,7})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,10})S)?)?", re.ASCII
)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Length:
    """A DURATION: days on the calendar, which may have 23 or 25 hours, then exact time (RFC 5545 §3.3.6)."""

    days: int
    exact: timedelta

    def after(self, start: date | datetime) -> datetime:
        """The end (UTC) of what begins at `start`."""
        if not isinstance(start, datetime):
            return utc(start) + timedelta(self.days) + self.exact
        return utc(start + timedelta(self.days)) + self.exact

    @property
    def total(self) -> timedelta:
        """With days of 24 hours."""
        return timedelta(self.days) + self.exact


def timestamp(prop: Property, zones: Zones, own: tzinfo | None = None) -> date | datetime:
    """A date, or an aware timestamp; without a zone it is in `own`, the one of the entry's start where that is known,
    else in that of the calendar's floating times (planner §5.3).

    ValueError when unreadable.
    """
    text = prop.value.strip().rstrip(";").strip('"')
    if match := _DATE.fullmatch(text):
        return date(*(int(part) for part in match.groups()))
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(text[:40])
    year, month, day, hour, minute, second, offset = match.groups()
    named = prop.parameters.get("TZID", "")
    local = own if own is not None and not named.strip() else zones.get(named)
    zone = _offset(offset) if offset else local
    # Midnight at the end of the day is the next one's; a leap second is the last one before it.
    late = int(hour) == 24 and int(minute) == 0
    at = datetime(
        int(year), int(month), int(day), 0 if late else int(hour), int(minute), min(int(second or 0), 59), tzinfo=zone
    )
    return at + _DAY if late else at


def _offset(text: str) -> tzinfo:
    if text[0] not in "+-":
        return UTC
    length = timedelta(hours=int(text[1:3]), minutes=int(text[3:].removeprefix(":") or 0))
    return timezone(-length if text[0] == "-" else length)


def timestamps(
    prop: Property, zones: Zones, own: tzinfo | None = None
) -> list[date | datetime | tuple[datetime, datetime | Length]]:
    """The readable values of an RDATE or EXDATE; periods as pairs. `own` as for `timestamp`."""
    values: list[date | datetime | tuple[datetime, datetime | Length]] = []
    for text in prop.value.replace(";", ",").split(","):
        start, slash, end = text.partition("/")
        try:
            first = timestamp(Property(start, prop.parameters), zones, own)
            if not slash:
                values.append(first)
            elif isinstance(first, datetime):
                last = length(end) or timestamp(Property(end, prop.parameters), zones, own)
                if isinstance(last, datetime | Length):
                    values.append((first, last))
        except (ValueError, OverflowError):
            continue
    return values


def length(text: str) -> Length | None:
    """A DURATION; None when unreadable."""
    match = _DURATION.fullmatch(text.strip().upper())
    if match is None or not any(match.groups()[1:]):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    sign = -1 if match[1] == "-" else 1
    try:
        exact = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return Length(sign * (7 * weeks + days), sign * exact)
    except OverflowError:
        return None


def duration(text: str) -> timedelta | None:
    """A DURATION with days of 24 hours; None when unreadable."""
    read = length(text)
    try:
        return None if read is None else read.total
    except OverflowError:
        return None


def utc(value: date | datetime) -> datetime:
    """The time in UTC; a date is its midnight (planner §5.3). OverflowError at the edges of the calendar."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time.min, UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
