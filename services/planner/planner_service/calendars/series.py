"""Recurring entries (RRULE, RDATE, EXDATE, RECURRENCE-ID, THISANDFUTURE), expanded one year at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from icalendar import Calendar, Event, vRecur
from icalendar.prop import vDDDLists, vDDDTypes
from recurring_ical_events import CalendarQuery
from recurring_ical_events.occurrence import Occurrence
from recurring_ical_events.selection.name import ComponentsWithName

from planner_service.calendars.lines import Entry
from planner_service.calendars.values import Zones, duration, timestamp, timestamps, utc

_NOT_EXPANDED = re.compile(r"FREQ=(?:SECONDLY|MINUTELY|HOURLY)|INTERVAL=\s*[+-]?0+\s*(?:;|$)", re.IGNORECASE)
"""More often than daily, or without end on the first day."""
HOUR = timedelta(hours=1)
_MARGIN = timedelta(days=2)
"""The library compares dates as local days: asked a little wider, cut exactly afterwards."""


@dataclass(frozen=True, slots=True)
class Master:
    """A recurring entry and the entries that change single occurrences of it."""

    entry: Entry
    exceptions: list[Entry]


class DatedEntry(Occurrence):  # type: ignore[misc]
    """An occurrence that knows the entry it was made from."""

    @property
    def source(self) -> Any:
        """The component: of the series, or of the exception."""
        return self._adapter._component  # noqa: SLF001 - the library has no other way to it but a copy


_EVENTS = ComponentsWithName("VEVENT", occurrence=DatedEntry)


def occurrences(master: Master, zones: Zones, year: int) -> Iterator[tuple[datetime, datetime, Entry]]:
    """Start, end (UTC) and entry of each occurrence that starts in `year`.

    A rule that cannot be read, or that repeats more often than daily, counts as its first occurrence only.
    """
    first = datetime(year, 1, 1, tzinfo=UTC)
    last = datetime.combine(date(year, 12, 31), time.max, UTC)
    try:
        dated = _expanded(master, zones, _shifted(first, -_MARGIN), _shifted(last, _MARGIN))
    except Exception:  # written by anyone: one broken series is what it is without its rule, the others stay
        dated = [(*window(master.entry, zones), master.entry)]
    for start, end, entry in dated:
        if first <= start <= last and entry.text("STATUS").upper() != "CANCELLED":
            yield start, end, entry


def _expanded(master: Master, zones: Zones, first: datetime, last: datetime) -> list[tuple[datetime, datetime, Entry]]:
    calendar = Calendar()
    entries = [master.entry, *master.exceptions]
    for index, entry in enumerate(entries):
        calendar.add_component(_component(entry, zones, index))
    query = CalendarQuery(calendar, components=(_EVENTS,))
    return [
        (*_times(occurrence), entries[occurrence.source["X-INDEX"]])
        for series in query.series
        for occurrence in series.between(first, last)
    ]


def window(entry: Entry, zones: Zones) -> tuple[datetime, datetime]:
    """Start and end in UTC: DTEND, else DURATION, else an hour. ValueError or OverflowError when unreadable."""
    start = utc(timestamp(entry.single["DTSTART"], zones))
    if "DTEND" in entry.single:
        return start, utc(timestamp(entry.single["DTEND"], zones))
    length = duration(entry.text("DURATION"))
    return start, start + (length if length is not None and length >= timedelta(0) else HOUR)


def _shifted(value: datetime, by: timedelta) -> datetime:
    try:
        return value + by
    except OverflowError:
        return value


def _times(occurrence: Any) -> tuple[datetime, datetime]:
    start = utc(occurrence.start)
    end, length = utc(occurrence.end), occurrence.source.get("X-LENGTH")
    # An occurrence with an end of its own is a period of an RDATE.
    return start, start + length if length is not None and end == start else end


def _component(entry: Entry, zones: Zones, index: int) -> Event:
    """The entry for the library, with times that are settled already: it never sees a zone's definition."""
    event = Event()
    start = timestamp(entry.single["DTSTART"], zones)
    event["DTSTART"] = vDDDTypes(start)
    event["UID"] = "series"
    event["X-INDEX"] = index
    first, last = window(entry, zones)
    if "DTEND" in entry.single and last >= first:
        event["DTEND"] = vDDDTypes(timestamp(entry.single["DTEND"], zones))
    else:
        event["X-LENGTH"] = last - first
        # Only for the library's search, which would turn an inverted entry round; the length is put on afterwards, for
        # an hour is an hour when clocks change.
        event["DTEND"] = vDDDTypes(start)
    if (sequence := entry.text("SEQUENCE")).isdecimal():
        event["SEQUENCE"] = int(sequence[:9])
    if "RECURRENCE-ID" in entry.single:
        prop = entry.single["RECURRENCE-ID"]
        replaced = vDDDTypes(timestamp(prop, zones))
        if prop.parameters.get("RANGE", "").upper() == "THISANDFUTURE":
            replaced.params["RANGE"] = "THISANDFUTURE"
        event["RECURRENCE-ID"] = replaced
        return event
    rules = [rule.value for rule in entry.repeated.get("RRULE", ()) if not _NOT_EXPANDED.search(rule.value)]
    if rules:
        event["RRULE"] = [vRecur.from_ical(rule) for rule in rules]
    for name in ("RDATE", "EXDATE"):
        values = [value for prop in entry.repeated.get(name, ()) for value in timestamps(prop, zones)]
        if values:
            event[name] = vDDDLists(values)
    return event
