"""Values of iCalendar properties: timestamps, durations, zones (RFC 5545 §3.3, planner §5.3)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from icalendar import Timezone
from icalendar.timezone import tzp
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from planner_service.calendars.lines import Property

_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_TIMESTAMP = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?(Z?)", re.ASCII)
_DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,6})W)?(?:(\d{1,7})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,10})S)?)?", re.ASCII
)
_WINDOWS = {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}

tzp.use_zoneinfo()


class Zones:
    """The time zones of one calendar: by their IANA or Windows name, else as the calendar itself defines them."""

    def __init__(self, defined: dict[str, str]) -> None:
        self._defined = defined
        self._known: dict[str, tzinfo] = {}

    def get(self, name: str) -> tzinfo:
        """The zone called `name`; UTC for one that nobody knows, as for times without a zone."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._named(name) or self._from_calendar(name) or UTC
        return known

    @staticmethod
    def _named(name: str) -> tzinfo | None:
        # Some programs put a path of their own before the name: /mozilla.org/20050126_1/Europe/Berlin.
        parts = name.strip().strip("/").split("/")
        tries = [_WINDOWS.get(name.strip().casefold(), "/".join(parts)), "/".join(parts[-2:]), "/".join(parts[-3:])]
        for key in tries:
            if re.fullmatch(r"[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", key) and len(key) < 64:
                try:
                    return ZoneInfo(key)
                except (KeyError, ValueError, OSError):
                    continue
        return None

    def _from_calendar(self, name: str) -> tzinfo | None:
        text = self._defined.get(name)
        if text is None:
            return None
        try:
            component = Timezone.from_ical(text)
            made = component.to_tz(lookup_tzid=False) if isinstance(component, Timezone) else None
            if not isinstance(made, tzinfo):
                return None
            datetime(2026, 1, 1, tzinfo=made).astimezone(UTC)
        except Exception:  # written by anyone; a broken definition is none
            return None
        return made


def timestamp(prop: Property, zones: Zones) -> date | datetime:
    """A date, or an aware timestamp; without a zone it is UTC (planner §5.3). ValueError when unreadable."""
    text = prop.value.strip()
    if match := _DATE.fullmatch(text):
        return date(*(int(part) for part in match.groups()))
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(text[:40])
    year, month, day, hour, minute, second, zulu = match.groups()
    zone = UTC if zulu else zones.get(prop.parameters.get("TZID", ""))
    # A leap second is the last one before it.
    return datetime(int(year), int(month), int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=zone)


def timestamps(prop: Property, zones: Zones) -> list[date | datetime | tuple[datetime, datetime | timedelta]]:
    """The readable values of an RDATE or EXDATE; periods as pairs."""
    values: list[date | datetime | tuple[datetime, datetime | timedelta]] = []
    for text in prop.value.split(","):
        start, slash, end = text.partition("/")
        try:
            first = timestamp(Property(start, prop.parameters), zones)
            if not slash:
                values.append(first)
            elif isinstance(first, datetime):
                length = duration(end)
                last = timestamp(Property(end, prop.parameters), zones) if length is None else length
                if isinstance(last, datetime | timedelta):
                    values.append((first, last))
        except (ValueError, OverflowError):
            continue
    return values


def duration(text: str) -> timedelta | None:
    """A DURATION; None when unreadable."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()[1:]):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    try:
        length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return None
    return -length if match[1] == "-" else length


def utc(value: date | datetime) -> datetime:
    """The time in UTC; a date is its midnight (planner §5.3). OverflowError at the edges of the calendar."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time.min, UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
