"""Our week beside what recurring-ical-events shows of the test calendars of two libraries: 260 files of the world."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, date, datetime

import icalendar
import pytest
import recurring_ical_events
from services.planner.tests.library_files import calendars_of_libraries
from services.planner.tests.reader_programs import Shown, within

from planner_service.calendars.reading import from_seconds, read

YEARS = range(1971, 2101)
SWAPPED = "the end is before the start; they swap the two, we show the start (RFC 5545 §3.8.2.2)"
NOBODY_KNOWS = "a zone that neither the file nor anybody else knows: a floating time (planner §5.3)"
KEPT = "a changed occurrence that the rule no longer has; ical.js and node-ical show it, so it is not lost"
NO_PERIOD = "a PERIOD of two dates is none (RFC 5545 §3.3.9)"
DIFFERENT = {
    "docs/tutorials/example.ics": "two entries of one UID, neither recurring; they show one, we both",
    "end_before_start_event.ics": SWAPPED,
    "issue_132_swapped_start_and_end.ics": SWAPPED,
    "issue_148_edge_case_1.ics": KEPT,
    "issue_163_deleted_modification.ics": KEPT,
    "issue_253_additional_recurrence_id.ics": KEPT,
    "issue_1633_rdate_with_dates.ics": NO_PERIOD,
    "issue_1633_rdate_with_dates_and_tzid.ics": NO_PERIOD,
    "issue_526_calendar_with_different_events.ics": NOBODY_KNOWS,
    "issue_526_calendar_with_event_subset.ics": NOBODY_KNOWS,
    "issue_526_calendar_with_events.ics": NOBODY_KNOWS,
    "issue_526_calendar_with_shuffeled_events.ics": NOBODY_KNOWS,
}
"""File -> why what we show is not what the library shows."""
BROKEN = {
    "bad_rrule_missing_until_event.ics": 1,
    "america_new_york_forward_reference.ics": 0,
    "broken_ical.ics": 1,
    "created_calendar_with_unicode_fields.ics": 2,
    "invalid_duration.ics": 1,
    "issue_104_broken_calendar.ics": 1,
    "issue_1081_invalid_rrule_freq.ics": 1,
    "issue_165_missing_event.ics": 14,
    "issue_722_missing_timezones.ics": 1,
    "multiple_timezones.ics": 2,
    "pacific_fiji.ics": 1,
    "parsing_error.ics": 20,
    "rfc_7529.ics": 4,
    "issue_464_invalid_rdate.ics": 2,
}
"""File that the library gives up -> how many occurrences we read of it."""


def _within_a_calendar(text: str) -> str:
    """Some files are an entry alone."""
    if "BEGIN:VCALENDAR" in text:
        return text
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{text}\r\nEND:VCALENDAR\r\n"


def _start(value: date | datetime) -> str:
    """As our week has it: floating times and whole days as if they were in UTC."""
    if not isinstance(value, datetime):
        return f"{value:%Y-%m-%dT00:00}"
    return f"{value.astimezone(UTC) if value.tzinfo else value:%Y-%m-%dT%H:%M}"


def _of_the_library(text: str, first: datetime, last: datetime) -> Shown:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        events = [
            event
            for calendar in icalendar.Calendar.from_ical(text, multiple=True)
            for event in recurring_ical_events.of(calendar).between(first, last)
        ]
    return sorted(
        (_start(event["DTSTART"].dt), str(event.get("SUMMARY", "")).replace("\r\n", "\n").strip())
        for event in events
        if event.get("STATUS") != "CANCELLED"
    )


@pytest.mark.contract("planner §5.3")
def test_the_calendars_of_libraries_are_read_as_they_read_them() -> None:
    different: list[str] = []
    gave_up: dict[str, int] = {}
    compared = 0
    for path, raw in calendars_of_libraries().items():
        text = _within_a_calendar(raw)
        begun = {year for year in map(int, re.findall(r"DTSTART[^:\r\n]*:(\d{4})", text)) if year in YEARS}
        years = sorted({*begun, *(year + 1 for year in begun)})[:6]
        if not years:
            continue
        compared += 1
        first, last = datetime(years[0], 1, 1, tzinfo=UTC), datetime(years[-1], 12, 31, 23, 59, tzinfo=UTC)
        reading = read(text, range(first.year, last.year + 1), must_be_calendar=True)
        assert reading.error is None, path
        ours = within([(_start(from_seconds(row[1])), (row[3] or "").strip()) for row in reading.rows], first, last)
        name = path if path.startswith("docs/") else path.rpartition("/")[2]
        try:
            theirs = within(_of_the_library(text, first, last), first, last)
        except Exception:  # these are files that were reported because something fell over them
            gave_up[name] = len(ours)
            continue
        if ours != theirs:
            different.append(name)
    assert compared > 150
    assert set(different) == set(DIFFERENT)
    assert gave_up == BROKEN
