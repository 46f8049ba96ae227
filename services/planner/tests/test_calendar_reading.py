"""Reading calendars as programs write them: zones, recurrence, exceptions."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON
from services.planner.tests.feed_server import vcalendar, vevent

from planner_service.calendars.reading import Reading, from_seconds, read
from planner_service.calendars.zones import Zones

FOLDER = Path(__file__).parent / "calendars"
YEARS = [2025, 2026, 2027]
Spans = list[tuple[str, str, str | None]]


def spans(reading: Reading) -> Spans:
    """Start, end (UTC, to the minute) and title, in order."""
    assert reading.error is None
    rows = sorted((start, end, title or "") for _, start, end, title, _ in reading.rows)
    return [
        (f"{from_seconds(start):%Y-%m-%d %H:%M}", f"{from_seconds(end):%Y-%m-%d %H:%M}", t) for start, end, t in rows
    ]


def of_file(name: str) -> Spans:
    return spans(read((FOLDER / name).read_bytes().decode(), YEARS, must_be_calendar=True))


def of_text(*parts: str, years: list[int] = YEARS) -> Spans:
    return spans(read(vcalendar(*parts), years, must_be_calendar=True))


def starts(*parts: str, years: list[int] = YEARS) -> list[str]:
    return [start for start, _, _ in of_text(*parts, years=years)]


@pytest.mark.contract("planner §5.3")
def test_google() -> None:
    meeting = "Group meeting"
    assert of_file("google.ics") == [
        ("2026-10-12 07:00", "2026-10-12 09:00", meeting),
        ("2026-10-26 08:00", "2026-10-26 10:00", meeting),  # the clocks have changed; the 19th is an exception
        ("2026-10-30 00:00", "2026-11-02 00:00", "Long weekend"),
        ("2026-11-03 13:30", "2026-11-03 14:30", "Group meeting (moved)"),
        ("2026-11-09 08:00", "2026-11-09 10:00", meeting),
    ]


@pytest.mark.contract("planner §5.3")
def test_outlook() -> None:
    committee = "Steering committee"
    assert of_file("outlook.ics") == [
        ("2026-10-13 08:00", "2026-10-13 09:30", committee),
        ("2026-10-15 09:00", "2026-10-15 09:30", "Call with the office in Pune about the new measuring station"),
        ("2026-10-16 13:00", "2026-10-16 14:00", "Quoted zone"),
        ("2026-11-10 09:00", "2026-11-10 10:30", committee),
        ("2026-12-08 09:00", "2026-12-08 10:30", committee),
        ("2027-01-12 09:00", "2027-01-12 10:30", committee),
    ]


@pytest.mark.contract("planner §5.3")
def test_apple() -> None:
    later = "Tutorium, later"
    assert of_file("apple.ics") == [
        ("2026-10-05 21:00", "2026-10-05 22:00", "Tutorium 📚"),
        ("2026-10-12 00:00", "2026-10-14 00:00", "Field trip"),
        ("2026-10-12 21:00", "2026-10-12 22:00", "Tutorium 📚"),
        ("2026-10-19 21:00", "2026-10-19 22:00", "Tutorium 📚"),
        ("2026-10-20 00:00", "2026-10-22 00:00", "Field trip"),
        ("2026-10-22 00:00", "2026-10-24 00:00", "Field trip"),
        ("2026-10-26 23:00", "2026-10-27 00:30", later),
        ("2026-11-03 00:00", "2026-11-03 01:30", later),
        ("2026-11-10 00:00", "2026-11-10 01:30", later),
    ]


@pytest.mark.contract("planner §5.3")
def test_nextcloud() -> None:
    reading = read((FOLDER / "nextcloud.ics").read_text(), YEARS, must_be_calendar=True)
    assert reading.refresh_seconds == 4 * 3600
    assert spans(reading) == [
        ("2026-10-13 09:00", "2026-10-13 09:30", "One day of a series of somebody else"),
        ("2026-10-24 21:00", "2026-10-25 01:00", "Night of the clocks"),  # four hours, whatever the clocks show
        ("2026-10-26 22:00", "2026-10-27 02:00", "Night of the clocks"),
    ]


@pytest.mark.contract("planner §5.3")
def test_university() -> None:
    assert of_file("university.ics") == [
        ("2026-10-12 08:15", "2026-10-12 09:45", "Biochemie I (VL)"),
        ("2026-10-14 10:00", "2026-10-14 12:00", "Praktikum"),
        ("2026-10-15 10:00", "2026-10-15 11:00", "Kaputte Regel"),  # what it is without its rule
        ("2026-10-15 10:00", "2026-10-15 11:00", "Klausur"),
        ("2026-10-19 08:15", "2026-10-19 09:45", "Biochemie I (VL)"),
        ("2026-10-22 10:00", "2026-10-22 13:00", "Klausur"),
    ]


@pytest.mark.contract("planner §5.3", "planner §11")
@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Rome", "07:30"),
        ("America/New_York", "13:30"),
        ("Pacific Standard Time", "16:30"),
        ("w. europe standard time", "07:30"),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "07:30"),
        ("America/Argentina/Buenos_Aires", "12:30"),
        ("Etc/GMT-3", "06:30"),
        ("UTC", "09:30"),
        ("Nowhere/Land", "09:30"),
        ("../../etc/passwd", "09:30"),
        ("", "09:30"),
    ],
)
def test_zones_by_name(zone: str, expected: str) -> None:
    assert starts(vevent(f";TZID={zone}:20260506T093000")) == [f"2026-05-06 {expected}"]


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize("name", sorted(WINDOWS_TO_OLSON))
def test_windows_zone_names(name: str) -> None:
    zone = Zones({}).get(name)
    assert isinstance(zone, ZoneInfo)
    assert zone.key == WINDOWS_TO_OLSON[name]


@pytest.mark.contract("planner §5.3")
def test_a_zone_that_only_the_calendar_knows() -> None:
    zone = ["BEGIN:VTIMEZONE", "TZID:Ours", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0330"]
    zone += ["TZOFFSETTO:+0330", "END:STANDARD", "END:VTIMEZONE"]
    assert starts(*zone, vevent(";TZID=Ours:20260506T093000")) == ["2026-05-06 06:00"]
    broken = [line.replace("+0330", "soon") for line in zone]
    assert starts(*broken, vevent(";TZID=Ours:20260506T093000")) == ["2026-05-06 09:30"]


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;COUNT=3", ["05-06", "05-07", "05-08"]),
        ("FREQ=WEEKLY;UNTIL=20260520", ["05-06", "05-13"]),
        ("FREQ=WEEKLY;UNTIL=20260520T080000Z", ["05-06", "05-13", "05-20"]),
        ("FREQ=WEEKLY;BYDAY=WE,FR;COUNT=4", ["05-06", "05-08", "05-13", "05-15"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2", ["05-06", "05-31", "06-30"]),
        ("FREQ=YEARLY;COUNT=9", ["05-06"]),
        ("FREQ=FORTNIGHTLY", ["05-06"]),
        ("", ["05-06"]),
    ],
)
def test_rules(rule: str, expected: list[str]) -> None:
    found = starts(vevent("20260506T080000Z", UID="u", RRULE=rule), years=[2026])
    assert [start[5:10] for start in found] == expected


@pytest.mark.contract("planner §5.3")
def test_exceptions() -> None:
    series = vevent("20260506T080000Z", UID="u", RRULE="FREQ=DAILY;COUNT=5", EXDATE="20260507T080000Z,20260508T080000Z")
    moved = vevent("20260509T120000Z", UID="u", RECURRENCE_ID="20260509T080000Z")
    gone = vevent("20260510T080000Z", UID="u", RECURRENCE_ID="20260510T080000Z", STATUS="CANCELLED")
    assert starts(series, moved, gone) == ["2026-05-06 08:00", "2026-05-09 12:00"]
    assert starts(gone, moved, series) == ["2026-05-06 08:00", "2026-05-09 12:00"]


@pytest.mark.contract("planner §5.3")
def test_this_and_future() -> None:
    series = vevent("20260506T080000Z", UID="u", RRULE="FREQ=DAILY;COUNT=6", SUMMARY="a")
    later = vevent(
        "20260508T100000Z",
        DTEND="20260508T103000Z",
        UID="u",
        RECURRENCE_ID=";RANGE=THISANDFUTURE:20260508T080000Z",
        SUMMARY="b",
    )
    single = vevent("20260510T120000Z", UID="u", RECURRENCE_ID="20260510T080000Z", SUMMARY="c")
    last = vevent(
        "20260511T100000Z", UID="u", RECURRENCE_ID=";RANGE=THISANDFUTURE:20260511T080000Z", STATUS="CANCELLED"
    )
    expected = [
        ("2026-05-06 08:00", "2026-05-06 09:00", "a"),
        ("2026-05-07 08:00", "2026-05-07 09:00", "a"),
        ("2026-05-08 10:00", "2026-05-08 10:30", "b"),
        ("2026-05-09 10:00", "2026-05-09 10:30", "b"),
        ("2026-05-10 12:00", "2026-05-10 13:00", "c"),
    ]
    assert of_text(series, later, single, last) == expected
    assert of_text(last, single, later, series) == expected


@pytest.mark.contract("planner §5.3")
def test_a_cancelled_series_is_gone_and_others_stay() -> None:
    cancelled = vevent("20260506T080000Z", UID="u", RRULE="FREQ=DAILY", STATUS="CANCELLED")
    assert starts(cancelled, vevent("20260506T090000Z", UID="v")) == ["2026-05-06 09:00"]


def test_occurrences_belong_to_the_utc_year_of_their_start() -> None:
    series = vevent(";TZID=Pacific/Auckland:20261230T090000", UID="u", RRULE="FREQ=DAILY;COUNT=4")
    whole = starts(series, years=[2026, 2027])
    assert whole == ["2026-12-29 20:00", "2026-12-30 20:00", "2026-12-31 20:00", "2027-01-01 20:00"]
    assert starts(series, years=[2026]) + starts(series, years=[2027]) == whole


@pytest.mark.parametrize("year", [1, 1600, 9999])
def test_edges_of_the_calendar(year: int) -> None:
    for start in (f"{year:04}0101T000000Z", f";TZID=Asia/Tokyo:{year:04}0101T000000", f"{year:04}1231T233000Z"):
        read(vcalendar(vevent(start), vevent(start, UID="u", RRULE="FREQ=DAILY")), [year], must_be_calendar=True)
