"""Calendars as programs of the world write them: what each kind of file gives, and what cannot be read is named."""

from __future__ import annotations

import asyncio
import time

import pytest
from services.planner.tests.calls import create_feed, titles
from services.planner.tests.feed_server import vcalendar, vevent
from services.planner.tests.test_calendar_reading import Spans, of_text, spans, starts
from tests.support.client import User

from planner_service.calendars.pool import ReaderPool
from planner_service.calendars.reading import Reading, read
from planner_service.calendars.values import length

BERLIN_RULES = [
    *("BEGIN:STANDARD", "DTSTART:16011028T030000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"),
    *("TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD"),
    *("BEGIN:DAYLIGHT", "DTSTART:16010325T020000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"),
    *("TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "END:DAYLIGHT"),
]


def zone(name: str, *rules: str) -> tuple[str, ...]:
    """A VTIMEZONE; without rules, Berlin's as Exchange writes them."""
    return ("BEGIN:VTIMEZONE", f"TZID:{name}", *(rules or BERLIN_RULES), "END:VTIMEZONE")


def fixed(name: str, offset: str) -> tuple[str, ...]:
    return zone(
        name,
        *(
            "BEGIN:STANDARD",
            "DTSTART:19700101T000000",
            f"TZOFFSETFROM:{offset}",
            f"TZOFFSETTO:{offset}",
            "END:STANDARD",
        ),
    )


def weekly(number: int, tzid: str, start: str = "20240108", rule: str = "FREQ=WEEKLY") -> list[str]:
    """So many series, at different times of the day."""
    return [
        vevent(
            f";TZID={tzid}:{start}T{8 + n % 10:02}{n % 60:02}00",
            UID=f"{n}@x",
            RRULE=rule,
            SUMMARY=f"S{n}",
            DURATION="PT1H",
        )
        for n in range(number)
    ]


def cost(text: str) -> tuple[float, Reading]:
    """Processor time and result."""
    begun = time.process_time()
    reading = read(text, [2025, 2026, 2027], must_be_calendar=True)
    return time.process_time() - begun, reading


# 1. Many series, in zones that the file defines.


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("text", "rows"),
    {
        "forty weeks in a zone of Exchange's own": (vcalendar(*zone("Custom"), *weekly(40, "Custom")), 40 * 157),
        "450 in Europe/Berlin": (vcalendar(*weekly(450, "Europe/Berlin")), 450 * 157),
        "1,000 that are over": (
            vcalendar(*weekly(1000, "Europe/Berlin", "20040105", "FREQ=WEEKLY;UNTIL=20191231T000000Z")),
            0,
        ),
        "a hundred since 1970": (vcalendar(*weekly(100, "Custom", "19700105"), *zone("Custom")), 100 * 156),
    }.values(),
)
def test_many_series_are_read_whole(text: str, rows: int) -> None:
    _, reading = cost(text)
    assert (reading.note, reading.error) == (None, None)
    assert abs(len(reading.rows) - rows) <= reading.count


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize("rule", ["FREQ=YEARLY", "FREQ=MONTHLY", "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=20000"])
def test_birthdays_cost_what_they_show_not_what_they_are_old(rule: str) -> None:
    young, _ = cost(vcalendar(*weekly(300, "Europe/Berlin", "20230306", rule)))
    old, reading = cost(vcalendar(*weekly(300, "Europe/Berlin", "19500306", rule)))
    assert len(reading.rows) >= 3 * 300
    assert old < 3 * young


@pytest.mark.contract("planner §5.3")
def test_a_zone_of_the_file_has_summer_and_winter_for_ever() -> None:
    text = [*zone("Custom"), vevent(";TZID=Custom:20260301T080000", UID="u", RRULE="FREQ=MONTHLY;BYMONTHDAY=1")]
    got = starts(*text, years=[2026, 2090])
    assert got[:3] == ["2026-03-01 07:00", "2026-04-01 06:00", "2026-05-01 06:00"]
    assert "2090-07-01 06:00" in got
    assert "2090-12-01 07:00" in got


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("20261025T013000", "2026-10-24 23:30"),
        ("20261025T023000", "2026-10-25 00:30"),  # twice: the first
        ("20261025T030000", "2026-10-25 02:00"),
        ("20260329T013000", "2026-03-29 00:30"),
        ("20260329T023000", "2026-03-29 01:30"),  # never: as before the change
        ("20260329T030000", "2026-03-29 01:00"),
    ],
)
def test_the_nights_of_the_clocks_are_as_by_name(local: str, utc: str) -> None:
    assert starts(*zone("Custom"), vevent(f";TZID=Custom:{local}")) == [utc]
    assert starts(vevent(f";TZID=Europe/Berlin:{local}")) == [utc]


def test_what_was_read_when_the_time_is_over_is_shown() -> None:
    everything = ";".join(f"BY{unit}={','.join(map(str, range(60)))}" for unit in ("MINUTE", "SECOND"))
    bomb = vevent("19700101T000000Z", UID="bomb", RRULE=f"FREQ=DAILY;{everything}")
    text = vcalendar(vevent("20260506T080000Z"), *weekly(5, "Europe/Berlin"), bomb)

    async def run() -> Reading:
        pool = ReaderPool(1, 0.5)
        try:
            return await pool.read(text, [2026])
        finally:
            await pool.close()

    reading = asyncio.run(run())
    assert reading.error is None
    assert reading.note == "Reading it takes longer than 0.5 s. What was read until then is shown."
    assert len(reading.rows) >= 1 + 5 * 52


# 2. The same series twice, and two calendars in one file.


def moved_and_cancelled() -> list[str]:
    series = vevent("20260506T080000Z", UID="u", RRULE="FREQ=DAILY;COUNT=4", SEQUENCE="2")
    moved = vevent("20260507T120000Z", UID="u", RECURRENCE_ID="20260507T080000Z", SEQUENCE="2")
    gone = vevent("20260508T080000Z", UID="u", RECURRENCE_ID="20260508T080000Z", STATUS="CANCELLED")
    return [series, moved, gone]


ONCE = ["2026-05-06 08:00", "2026-05-07 12:00", "2026-05-09 08:00"]


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    "text",
    [
        vcalendar(*moved_and_cancelled(), *moved_and_cancelled()),
        vcalendar(*moved_and_cancelled()) + vcalendar(*moved_and_cancelled()),
        vcalendar(*moved_and_cancelled()) + vcalendar(moved_and_cancelled()[0]),
        vcalendar(*moved_and_cancelled(), moved_and_cancelled()[0].replace("SEQUENCE:2", "SEQUENCE:1")),
    ],
)
def test_a_series_that_stands_twice_keeps_its_exceptions(text: str) -> None:
    assert [start for start, _, _ in spans(read(text, [2026], must_be_calendar=True))] == ONCE


@pytest.mark.contract("planner §5.3")
def test_each_calendar_of_a_file_has_its_own_zones() -> None:
    first = vcalendar(*fixed("Local", "+0300"), vevent(";TZID=Local:20260506T120000", UID="a"))
    second = vcalendar(*fixed("Local", "-0500"), vevent(";TZID=Local:20260506T120000", UID="b"))
    third = vcalendar(vevent(";TZID=Local:20260507T120000", UID="c"))  # nobody's: the first that is defined
    got = [start for start, _, _ in spans(read(first + second + third, [2026], must_be_calendar=True))]
    assert got == ["2026-05-06 09:00", "2026-05-06 17:00", "2026-05-07 09:00"]


# 5. Names of zones.


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("defined", "used"),
    [
        ("(UTC+01:00) Amsterdam\\, Berlin\\, Bern", "(UTC+01:00) Amsterdam\\, Berlin\\, Bern"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern", '"(UTC+01:00) Amsterdam, Berlin, Bern"'),
        ("(UTC+01:00) Amsterdam\\, Berlin\\, Bern", '"(UTC+01:00) Amsterdam, Berlin, Bern"'),
        ("Custom: Berlin", "Custom: Berlin"),
        ("custom", "Custom"),
        ("GMT", "GMT"),
        ("EST", "EST"),
        ("Etc/UTC", "Etc/UTC"),
        ("Central Europe: summer; too", '"Central Europe: summer; too"'),
    ],
)
def test_the_definition_of_the_file_counts_however_its_zone_is_called(defined: str, used: str) -> None:
    assert starts(*zone(defined), vevent(f";TZID={used}:20260506T120000")) == ["2026-05-06 10:00"]


@pytest.mark.contract("planner §5.3")
def test_a_name_whose_rules_agree_knows_other_years() -> None:
    # The definition has today's rules for all years; Berlin had no summer time in 1975.
    assert starts(*zone("Europe/Berlin"), vevent(";TZID=Europe/Berlin:19750706T120000")) == ["1975-07-06 11:00"]
    assert starts(*zone("Europe/Moscow"), vevent(";TZID=Europe/Moscow:20260706T120000")) == ["2026-07-06 10:00"]


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("(UTC+01:00) West Central Africa", "11:00"),
        ("(UTC+02:00) Berlin", "10:00"),
        ("(UTC+06:00) Berlin", "06:00"),
        ("(UTC) Coordinated Universal Time", "12:00"),
        ("GMT-0500", "17:00"),
        ("UTC+5:30", "06:30"),
        ("(GMT+13:00) Nuku'alofa", "2026-05-05 23:00"),
        ("UTC+99", "12:00"),
    ],
)
def test_a_zone_that_nobody_defines_is_at_least_its_offset(name: str, expected: str) -> None:
    assert starts(vevent(f';TZID="{name}":20260506T120000'))[0].endswith(expected)


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("name", "winter", "summer"),
    [
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "11:00", "10:00"),
        ("(UTC+01:00) Belgrade\\, Bratislava\\, Budapest", "11:00", "10:00"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "17:00", "16:00"),
        ("(GMT-08:00) Pacific Time (US & Canada); Tijuana", "20:00", "20:00"),
        ("(UTC-08:00) Pacific Time (US & Canada)", "20:00", "19:00"),
        ("(UTC-04:00) Atlantic Time (Canada)", "16:00", "15:00"),
        ("Eastern Time", "17:00", "16:00"),
        ("Central Time (US & Canada)", "18:00", "17:00"),
        ("(UTC-06:00) Guadalajara, Mexico City, Monterrey", "18:00", "18:00"),
        ("(UTC+00:00) Dublin, Edinburgh, Lisbon, London", "12:00", "11:00"),
        ("(UTC) Dublin, Edinburgh, Lisbon, London", "12:00", "11:00"),
        ("(GMT) Lisbon", "12:00", "11:00"),
        ("(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi", "04:00", "04:00"),
        ("(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", "06:30", "06:30"),
        ("(UTC+10:00) Canberra, Melbourne, Sydney", "01:00", "02:00"),
    ],
)
def test_a_zone_as_windows_shows_it_knows_summer_time(name: str, winter: str, summer: str) -> None:
    spelled = f";TZID={name}" if "\\" in name else f';TZID="{name}"'
    events = [vevent(f"{spelled}:2026{day}T120000", UID=day) for day in ("0106", "0706")]
    assert [start[-5:] for start in starts(*events)] == [winter, summer]


# 6. Ends of series, calendars, days, zones of a whole calendar.


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("start", "rule", "expected"),
    [
        (";TZID=America/New_York:20260506T200000", "FREQ=WEEKLY;UNTIL=20260520T200000", ["05-07", "05-14", "05-21"]),
        (";TZID=America/New_York:20260506T200000", "FREQ=WEEKLY;UNTIL=20260521T000000Z", ["05-07", "05-14", "05-21"]),
        (";TZID=America/New_York:20260506T200000", "FREQ=WEEKLY;UNTIL=20260520T235959Z", ["05-07", "05-14"]),
        (";TZID=Asia/Tokyo:20260506T080000", "FREQ=DAILY;UNTIL=20260507T080000", ["05-05", "05-06"]),
        (";VALUE=DATE:20260506", "FREQ=WEEKLY;UNTIL=20260520", ["05-06", "05-13", "05-20"]),
        (";VALUE=DATE:20260506", "FREQ=WEEKLY;UNTIL=20260520T000000Z", ["05-06", "05-13", "05-20"]),
        ("20260506T080000Z", "RSCALE=GREGORIAN;FREQ=DAILY;COUNT=2", ["05-06", "05-07"]),
        ("20260506T080000Z", "FREQ=MONTHLY;RSCALE=gregorian;SKIP=OMIT;COUNT=2", ["05-06", "06-06"]),
        ("20260506T080000Z", "RSCALE=CHINESE;FREQ=DAILY;COUNT=2", ["05-06"]),
        ("20260506T080000Z", "freq=daily;count=2", ["05-06", "05-07"]),
        ("20260506T080000Z", " FREQ=DAILY ; COUNT=2 ;", ["05-06", "05-07"]),
    ],
)
def test_rules_end_where_they_say(start: str, rule: str, expected: list[str]) -> None:
    assert [at[5:10] for at in starts(vevent(start, UID="u", RRULE=rule), years=[2026])] == expected


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("P1D", "2026-10-25 11:00"),  # a day of 25 hours
        ("PT24H", "2026-10-25 10:00"),
        ("P1DT1H", "2026-10-25 12:00"),
        ("P1W", "2026-10-31 11:00"),
    ],
)
def test_days_are_days_of_the_calendar(duration: str, expected: str) -> None:
    berlin = {"UID": "u", "DURATION": duration}
    assert of_text(vevent(";TZID=Europe/Berlin:20261024T120000", **berlin))[0][1] == expected
    series = vevent(";TZID=Europe/Berlin:20261023T120000", RRULE="FREQ=DAILY;COUNT=2", **berlin)
    assert of_text(series)[1][1] == expected


@pytest.mark.contract("planner §5.3", "decision 56")
def test_floating_times_are_in_the_zone_of_their_calendar() -> None:
    rome = ["X-WR-TIMEZONE:Europe/Rome", vevent("20260506T080000", UID="a"), vevent("20260506T080000Z", UID="b")]
    assert starts(*rome) == ["2026-05-06 06:00", "2026-05-06 08:00"]
    named = vevent(";TZID=Asia/Tokyo:20260506T080000", UID="c")
    assert starts("X-WR-TIMEZONE:Europe/Rome", named, vevent(";VALUE=DATE:20260507", UID="d")) == [
        "2026-05-05 23:00",
        "2026-05-07 00:00",
    ]
    series = vevent("20261024T080000", UID="e", RRULE="FREQ=DAILY;COUNT=2")
    assert starts("X-WR-TIMEZONE:Europe/Rome", series) == ["2026-10-24 06:00", "2026-10-25 07:00"]
    assert starts("X-WR-TIMEZONE:Nowhere", vevent("20260506T080000")) == ["2026-05-06 08:00"]
    assert starts(vevent("20260506T080000")) == ["2026-05-06 08:00"]


# 8. Lenient where the meaning is plain, and named where it is not.


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (":20261005T080000+0200", "2026-10-05 06:00"),
        (":2026-10-05T08:00:00Z", "2026-10-05 08:00"),
        (":2026-10-05T08:00:00.000+02:00", "2026-10-05 06:00"),
        (":2026-10-05", "2026-10-05 00:00"),
        (":20261005T240000Z", "2026-10-06 00:00"),
        (":20261231T240000", "2027-01-01 00:00"),
        (":20261005t080000z", "2026-10-05 08:00"),
        (";TZID=Europe/Rome:20261005T080000Z", "2026-10-05 08:00"),
        (";TZID=Custom: one:2026-10-05T08:00:00", "2026-10-05 08:00"),
        (";VALUE=DATE-TIME:20261005 080000", "2026-10-05 08:00"),
    ],
)
def test_times_are_read_where_their_meaning_is_plain(value: str, expected: str) -> None:
    assert starts(vevent(value)) == [expected]


@pytest.mark.contract("planner §5.3")
def test_an_empty_end_is_none() -> None:
    expected: Spans = [("2026-10-05 08:00", "2026-10-05 09:00", "")]
    assert of_text(vevent("20261005T080000Z", DTEND="")) == expected
    assert of_text(vevent("20261005T080000Z", DTEND=";VALUE=DATE-TIME:")) == expected


@pytest.mark.contract("planner §5.3", "planner §3.3")
def test_what_cannot_be_read_is_counted_and_named(ann: User) -> None:
    text = vcalendar(
        vevent("20260506T080000Z", UID="a", SUMMARY="Seminar"),
        vevent("20261305T080000Z", UID="b", SUMMARY="Thirteenth month"),
        vevent("20260506T080000Z", UID="c", SUMMARY="No end", DTEND="soon"),
        "BEGIN:VEVENT\nUID:d\nSUMMARY:No start\nEND:VEVENT",
    )
    feed = create_feed(ann, raw_ical=text)
    assert feed["skipped"] == {
        "count": 3,
        "reason": "Thirteenth month: its DTSTART (20261305T080000Z) cannot be read.",
    }
    assert (feed["entry_count"], feed["health"]["skipped"], feed["last_error"]) == (1, 3, None)
    assert titles(ann) == ["Seminar"]


@pytest.mark.parametrize(
    ("text", "days", "seconds"),
    [("P1D", 1, 0), ("-P1W", -7, 0), ("P2DT3H", 2, 10800), ("pt15m", 0, 900), ("-PT1S", 0, -1)],
)
def test_a_duration_has_days_and_exact_time(text: str, days: int, seconds: float) -> None:
    read_length = length(text)
    assert read_length is not None
    assert (read_length.days, read_length.exact.total_seconds()) == (days, seconds)
