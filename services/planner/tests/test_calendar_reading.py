"""Reading calendars as programs write them: zones, recurrence, exceptions; and whatever else people call a calendar."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from pathlib import Path

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from services.planner.tests.feed_server import vcalendar, vevent

from planner_service.calendars.lines import split
from planner_service.calendars.pool import Busy, ReaderPool
from planner_service.calendars.reading import Reading, from_seconds, read

FOLDER = Path(__file__).parent / "calendars"
YEARS = [2025, 2026, 2027]
Spans = list[tuple[str, str, str | None]]


def spans(reading: Reading) -> Spans:
    """Start, end (UTC, to the minute) and title, in order."""
    assert reading.error is None
    rows = sorted((start, end, title or "") for _, start, end, title in reading.rows)
    return [
        (f"{from_seconds(start):%Y-%m-%d %H:%M}", f"{from_seconds(end):%Y-%m-%d %H:%M}", t) for start, end, t in rows
    ]


def of_file(name: str) -> Spans:
    return spans(read((FOLDER / name).read_bytes().decode(), YEARS, must_be_calendar=True))


def of_text(*parts: str, years: list[int] = YEARS) -> Spans:
    return spans(read(vcalendar(*parts), years, must_be_calendar=True))


def starts(*parts: str, years: list[int] = YEARS) -> list[str]:
    return [start for start, _, _ in of_text(*parts, years=years)]


def test_google() -> None:
    meeting = "Group meeting"
    assert of_file("google.ics") == [
        ("2026-10-12 07:00", "2026-10-12 09:00", meeting),
        ("2026-10-26 08:00", "2026-10-26 10:00", meeting),  # the clocks have changed; the 19th is an exception
        ("2026-10-30 00:00", "2026-11-02 00:00", "Long weekend"),
        ("2026-11-03 13:30", "2026-11-03 14:30", "Group meeting (moved)"),
        ("2026-11-09 08:00", "2026-11-09 10:00", meeting),
    ]


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


def test_nextcloud() -> None:
    reading = read((FOLDER / "nextcloud.ics").read_text(), YEARS, must_be_calendar=True)
    assert reading.refresh_seconds == 4 * 3600
    assert spans(reading) == [
        ("2026-10-13 09:00", "2026-10-13 09:30", "One day of a series of somebody else"),
        ("2026-10-24 21:00", "2026-10-25 01:00", "Night of the clocks"),  # four hours, whatever the clocks show
        ("2026-10-26 22:00", "2026-10-27 02:00", "Night of the clocks"),
    ]


def test_university() -> None:
    assert of_file("university.ics") == [
        ("2026-10-12 08:15", "2026-10-12 09:45", "Biochemie I (VL)"),
        ("2026-10-14 10:00", "2026-10-14 12:00", "Praktikum"),
        ("2026-10-15 10:00", "2026-10-15 11:00", "Kaputte Regel"),  # what it is without its rule
        ("2026-10-15 10:00", "2026-10-15 11:00", "Klausur"),
        ("2026-10-19 08:15", "2026-10-19 09:45", "Biochemie I (VL)"),
        ("2026-10-22 10:00", "2026-10-22 13:00", "Klausur"),
    ]


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


def test_a_zone_that_only_the_calendar_knows() -> None:
    zone = ["BEGIN:VTIMEZONE", "TZID:Ours", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0330"]
    zone += ["TZOFFSETTO:+0330", "END:STANDARD", "END:VTIMEZONE"]
    assert starts(*zone, vevent(";TZID=Ours:20260506T093000")) == ["2026-05-06 06:00"]
    broken = [line.replace("+0330", "soon") for line in zone]
    assert starts(*broken, vevent(";TZID=Ours:20260506T093000")) == ["2026-05-06 09:30"]


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


def test_exceptions() -> None:
    series = vevent("20260506T080000Z", UID="u", RRULE="FREQ=DAILY;COUNT=5", EXDATE="20260507T080000Z,20260508T080000Z")
    moved = vevent("20260509T120000Z", UID="u", RECURRENCE_ID="20260509T080000Z")
    gone = vevent("20260510T080000Z", UID="u", RECURRENCE_ID="20260510T080000Z", STATUS="CANCELLED")
    assert starts(series, moved, gone) == ["2026-05-06 08:00", "2026-05-09 12:00"]
    assert starts(gone, moved, series) == ["2026-05-06 08:00", "2026-05-09 12:00"]


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


def corpus() -> Iterator[Path]:
    """The calendars that come with the libraries, collected from bug reports of many years."""
    for library in (icalendar, recurring_ical_events):
        yield from sorted(Path(str(library.__file__)).parent.glob("test*/calendars/**/*.ics"))


def test_corpus_of_the_libraries() -> None:
    files = list(corpus())
    if len(files) < 100:
        pytest.skip(f"only {len(files)} calendars came with the libraries: their wheels hold the tests no more")
    read_files = entries = 0
    for file in files:
        text = file.read_bytes().decode("utf-8", "replace").replace("\x00", "")
        reading = read(text, YEARS, must_be_calendar=False)
        read_files += reading.error is None
        entries += reading.count
    assert read_files > 180
    assert entries > 1000


SEED = (FOLDER / "google.ics").read_bytes() + (FOLDER / "outlook.ics").read_bytes()


def mutated(dice: random.Random) -> str:
    """A calendar with bytes changed, cut, doubled and swapped."""
    data = bytearray(SEED)
    for _ in range(dice.randint(1, 12)):
        at = dice.randrange(len(data))
        length = dice.randint(1, 60)
        piece = data[at : at + length]
        match dice.randrange(4):
            case 0:
                data[at] = dice.randrange(256)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = piece * dice.randint(1, 3)
            case _:
                to = dice.randrange(len(data))
                data[to : to + length] = piece
    return data.decode("utf-8", "replace").replace("\x00", "")


def test_fuzz_never_stops_the_readers_for_good() -> None:
    async def run() -> int:
        pool = ReaderPool(2, 2.0, waiting=100)
        dice = random.Random(5545)  # noqa: S311 - the same every time
        done = 0
        try:
            for _ in range(40):
                batch = [mutated(dice) for _ in range(50)]
                done += len(await asyncio.gather(*(pool.read(text, [2026]) for text in batch)))
            after = await pool.read(vcalendar(vevent("20260506T080000Z")), [2026])
            assert after.count == 1
        finally:
            await pool.close()
        return done

    assert asyncio.run(run()) == 2000


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('BEGIN:VEVENT\r\n \t;=,"DTSTARTUMMY2026Z\\'), max_size=200))
def test_any_text_is_split(text: str) -> None:
    split(text)
    assert read(text, [2026], must_be_calendar=False).count >= 0


def test_a_reader_is_killed_at_its_budget_and_replaced() -> None:
    everything = ";".join(f"BY{unit}={','.join(map(str, range(60)))}" for unit in ("MINUTE", "SECOND"))
    bomb = vcalendar(vevent("19700101T000000Z", UID="u", RRULE=f"FREQ=DAILY;{everything}"))
    fine = vcalendar(vevent("20260506T080000Z"))

    async def run() -> None:
        pool = ReaderPool(1, 0.3, waiting=3)
        try:
            begun = time.monotonic()
            first, second, third = await asyncio.gather(
                pool.read(bomb, [2026]), pool.read(fine, [2026]), pool.read(bomb, [2026])
            )
            assert first.error == third.error == "Reading it takes longer than 0.3 s."
            assert second.count == 1
            assert time.monotonic() - begun < 10
            waiting = [asyncio.create_task(pool.read(fine, [2026])) for _ in range(3)]
            await asyncio.sleep(0)
            with pytest.raises(Busy):
                await pool.read(fine, [2026])
            assert [reading.count for reading in await asyncio.gather(*waiting)] == [1, 1, 1]
        finally:
            await pool.close()

    asyncio.run(run())
