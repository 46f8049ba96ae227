"""Our week and our published calendars beside what other programs show of the same files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.planner.tests.calls import link, plan, read_link
from services.planner.tests.feed_server import vcalendar, vevent
from services.planner.tests.reader_programs import (
    Shown,
    of_node,
    of_ours,
    of_recurring_ical_events,
    of_vobject,
    stamp,
    within,
)
from tests.support.client import Api, User

from planner_service.planner_events.recurrence import Series

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, 23, 59, tzinfo=UTC)
PROGRAM = ("VERSION:2.0", "PRODID:-//tests//EN")


def rules_of(summer: tuple[str, str, str], winter: tuple[str, str, str]) -> list[str]:
    """The halves of a VTIMEZONE: offset, first day and rule of each."""
    lines = []
    for name, half, before in (("DAYLIGHT", summer, winter), ("STANDARD", winter, summer)):
        lines += [f"BEGIN:{name}", f"DTSTART:{half[1]}", f"RRULE:FREQ=YEARLY;{half[2]}"]
        lines += [f"TZOFFSETFROM:{before[0]}", f"TZOFFSETTO:{half[0]}", f"END:{name}"]
    return lines


BERLIN = rules_of(
    ("+0200", "19810329T020000", "BYMONTH=3;BYDAY=-1SU"), ("+0100", "19961027T030000", "BYMONTH=10;BYDAY=-1SU")
)
ZONES: dict[str, list[str]] = {
    "UTC": [],
    "Europe/Berlin": BERLIN,
    "America/New_York": rules_of(
        ("-0400", "20070311T020000", "BYMONTH=3;BYDAY=2SU"), ("-0500", "20071104T020000", "BYMONTH=11;BYDAY=1SU")
    ),
    "Australia/Lord_Howe": rules_of(
        ("+1100", "20081005T020000", "BYMONTH=10;BYDAY=1SU"), ("+1030", "20080406T020000", "BYMONTH=4;BYDAY=1SU")
    ),
    "Headquarters": BERLIN,  # a name that only the file knows
}
# Name -> first day and rule. The first day is one of the rule; if it is not, RFC 5545 §3.8.5.3 says nothing.
RULES: dict[str, tuple[str, str]] = {
    "daily": ("20260303", "FREQ=DAILY;COUNT=400"),
    "every third day": ("20260303", "FREQ=DAILY;INTERVAL=3;UNTIL=20270303T080000Z"),
    "weekdays": ("20260303", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
    "fortnightly": ("20260303", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU"),
    "third Friday": ("20260320", "FREQ=MONTHLY;BYDAY=3FR"),
    "last day": ("20260331", "FREQ=MONTHLY;BYMONTHDAY=-1"),
    "last workday": ("20260331", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
    "the 31st": ("20260331", "FREQ=MONTHLY;BYMONTHDAY=31"),
    "every fifth month": ("20260303", "FREQ=MONTHLY;INTERVAL=5"),
    "yearly": ("20260303", "FREQ=YEARLY"),
    "fourth Thursday of November": ("20261126", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"),
    "Mondays in May": ("20260504", "FREQ=YEARLY;BYMONTH=5;BYDAY=MO"),
    "two days of the year": ("20260410", "FREQ=YEARLY;BYYEARDAY=100,-100"),
    "twice a day": ("20260303", "FREQ=DAILY;BYHOUR=9,17;COUNT=100"),
    "until, in local time": ("20260303", "FREQ=WEEKLY;UNTIL=20260630T090000"),
    "until, in UTC": ("20260303", "FREQ=WEEKLY;UNTIL=20260630T235959Z"),
}
VARIANTS = ("plain", "moved", "excluded")
LOCAL_UNTIL = (
    "RFC 5545 §3.3.10: with a zone in DTSTART, UNTIL is in UTC; without its Z it is none that a program should write. "
    "They take it for UTC and lose the last occurrence west of it; who writes it so means local time"
)
DIFFERENCES: dict[tuple[str, str], str] = {
    ("until, in local time", "recurring-ical-events"): LOCAL_UNTIL,
    ("until, in local time", "ical.js"): LOCAL_UNTIL,
    (
        "Headquarters",
        "node-ical",
    ): "RFC 5545 §3.6.5: a zone is what its VTIMEZONE says; it knows IANA names only",
}
"""Rule or zone, and reader, that show something else, and why we do not."""


@dataclass(frozen=True, slots=True)
class Made:
    """A file of the corpus."""

    zone: str
    rule: str
    variant: str
    text: str


def _file(zone: str, rule: str, variant: str) -> Made:
    day, text = RULES[rule]
    start = f"{day}T090000Z" if zone == "UTC" else f";TZID={zone}:{day}T090000"
    common = {"UID": "series", "SUMMARY": rule, "DURATION": "PT1H", "DTSTAMP": "20260101T000000Z"}
    lines = [*PROGRAM, *(("BEGIN:VTIMEZONE", f"TZID:{zone}", *ZONES[zone], "END:VTIMEZONE") if ZONES[zone] else ())]
    plain = vcalendar(*lines, vevent(start, RRULE=text, **common))
    if variant == "plain":
        return Made(zone, rule, variant, plain)
    second = of_ours(plain, FIRST, LAST)[1][0].replace("-", "").replace(":", "") + "00Z"
    if variant == "excluded":
        return Made(zone, rule, variant, vcalendar(*lines, vevent(start, RRULE=text, EXDATE=second, **common)))
    moved = vevent("20260401T100000Z", RECURRENCE_ID=second, **{**common, "SUMMARY": "moved"})
    return Made(zone, rule, variant, vcalendar(*lines, vevent(start, RRULE=text, **common), moved))


def corpus() -> list[Made]:
    return [_file(*parts) for parts in product(ZONES, RULES, VARIANTS)]


@pytest.mark.contract("planner §5.3")
def test_other_readers_show_the_same_of_a_corpus() -> None:
    files = corpus()
    assert len(files) >= 150
    others = of_node([file.text for file in files], FIRST, LAST)
    others["recurring-ical-events"] = [of_recurring_ical_events(file.text, FIRST, LAST) for file in files]
    different: dict[tuple[str, str], str] = {}
    for index, file in enumerate(files):
        ours = within(of_ours(file.text, FIRST, LAST), FIRST, LAST)
        assert ours
        for reader, shown in others.items():
            if (theirs := within(shown[index], FIRST, LAST)) != ours:
                only = f"{file.zone}, {file.variant}: {sorted(set(theirs) ^ set(ours))[:4]}"
                known = (file.zone, reader) in DIFFERENCES
                different.setdefault((file.zone if known else file.rule, reader), only)
    assert different.keys() == DIFFERENCES.keys(), different


@pytest.mark.contract("planner §5.3")
@settings(max_examples=60, deadline=None)
@given(
    day=st.dates(date(2024, 1, 1), date(2026, 12, 28)),
    hour=st.integers(4, 23),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"]),
    freq=st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    interval=st.integers(1, 4),
    count=st.none() | st.integers(1, 60),
    excluded=st.sets(st.integers(0, 20), max_size=3),
)
def test_random_series_are_read_as_another_library_reads_them(
    day: date, hour: int, zone: str, freq: str, interval: int, count: int | None, excluded: set[int]
) -> None:
    rule = f"FREQ={freq};INTERVAL={interval}" + (f";COUNT={count}" if count else "")
    start = f"{day:%Y%m%d}T{hour:02}0000Z" if zone == "UTC" else f";TZID={zone}:{day:%Y%m%d}T{hour:02}0000"
    common = {"UID": "series", "SUMMARY": "s", "DTSTAMP": "20240101T000000Z", "RRULE": rule}
    plain = of_ours(vcalendar(*PROGRAM, vevent(start, **common)), FIRST, LAST)
    gone = [plain[index][0].replace("-", "").replace(":", "") + "00Z" for index in excluded if index < len(plain)]
    text = vcalendar(*PROGRAM, vevent(start, **common, **({"EXDATE": ",".join(gone)} if gone else {})))
    ours = within(of_ours(text, FIRST, LAST), FIRST, LAST)
    assert ours == within(of_recurring_ical_events(text, FIRST, LAST), FIRST, LAST)
    assert len(ours) == len({start for start, _ in within(plain, FIRST, LAST)}) - len(
        [one for one in gone if FIRST <= datetime.fromisoformat(one) <= LAST]
    )


def _plans() -> list[tuple[str, dict[str, Any]]]:
    """First day and fields of events of all shapes, each with a title of its own."""
    days = ["2026-01-28", "2026-01-29", "2026-01-30", "2026-01-31", "2024-02-29", "2026-03-31", "2025-12-30"]
    ends: list[dict[str, Any]] = [{}, {"recurrence_count": 7}, {"recurrence_end_date": "2026-12-31"}]
    made: list[tuple[str, dict[str, Any]]] = []
    for day, freq, interval, end in product(days, ("M", "Y", "W"), (1, 2, 5), ends):
        fields: dict[str, Any] = {"recurrence_freq": freq, "recurrence_interval": interval, **end}
        if (len(made) + interval) % 3:
            fields["starts_at"] = f"{day}T17:30:00Z"
        made.append((day, {**fields, "title": f"{len(made)}"}))
    return made


@pytest.mark.contract("planner §12.1")
def test_four_readers_show_what_the_planner_shows(ann: User, api: Api) -> None:
    expected: Shown = []
    for day, fields in _plans():
        event = plan(ann, day, **fields)
        series = Series(
            date.fromisoformat(day),
            fields["recurrence_freq"],
            fields["recurrence_interval"],
            None if "recurrence_end_date" not in fields else date.fromisoformat(fields["recurrence_end_date"]),
            fields.get("recurrence_count"),
        )
        at = datetime.fromisoformat(event["starts_at"])
        for one in series.between(FIRST.date(), LAST.date()):
            start = datetime.combine(one, at.timetz())
            expected.append((stamp(start) if "starts_at" in fields else one.isoformat(), fields["title"]))
    text = read_link(api, link(ann, include_sessions=False, include_deadlines=False)).text
    shown = {name: one[0] for name, one in of_node([text], FIRST, LAST).items()}
    shown["recurring-ical-events"] = of_recurring_ical_events(text, FIRST, LAST)
    shown["vobject"] = of_vobject(text, FIRST - timedelta(days=1), LAST)
    for reader, rows in shown.items():
        assert within(rows, FIRST, LAST) == within(sorted(expected), FIRST, LAST), reader
