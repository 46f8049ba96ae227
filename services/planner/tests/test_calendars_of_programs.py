"""What programs write against RFC 5545 and mean plainly; most of it stands in the test calendars of libraries."""

from __future__ import annotations

import time

import pytest
from services.planner.tests.feed_server import vcalendar, vevent
from services.planner.tests.test_calendar_reading import starts
from services.planner.tests.test_calendars_of_others import zone

from planner_service.calendars.lines import logical_lines
from planner_service.calendars.reading import read

DAYS = ["2026-05-04 00:00", "2026-05-11 00:00", "2026-05-18 00:00"]
WHOLE_DAY = ";VALUE=DATE:20260504"


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # Confluence writes a count of -1 for none.
        ("FREQ=WEEKLY;UNTIL=20260518;COUNT=-1;INTERVAL=1;BYDAY=MO", DAYS),
        ("FREQ=WEEKLY;UNTIL=20260518;COUNT=0", DAYS),
        ("FREQ=MONTHLY;UNTIL=20260601;COUNT=-1;BYDAY=1MO", ["2026-05-04 00:00", "2026-06-01 00:00"]),
        # Escaped like a text, blanks behind commas.
        (r"FREQ=WEEKLY\;UNTIL=20260518\;BYDAY=MO", DAYS),
        ("FREQ=WEEKLY;COUNT=4;BYDAY=MO, WE", ["2026-05-04 00:00", "2026-05-06 00:00", *DAYS[1:2], "2026-05-13 00:00"]),
        ("FREQ=WEEKLY; COUNT=3 ;BYDAY = MO", DAYS),
        # A series that ends before it begins was removed.
        ("FREQ=WEEKLY;UNTIL=20260503;BYDAY=MO", []),
        ("FREQ=DAILY;UNTIL=20250101", []),
        ("FREQ=DAILY;UNTIL=20260503T235959Z", []),
        ("FREQ=DAILY;UNTIL=20260504", DAYS[:1]),
    ],
)
def test_rules_as_programs_write_them(rule: str, expected: list[str]) -> None:
    assert starts(vevent(WHOLE_DAY, RRULE=rule)) == expected


@pytest.mark.contract("planner §5.3")
def test_a_removed_series_keeps_its_other_dates() -> None:
    more = vevent(WHOLE_DAY, RRULE="FREQ=DAILY;UNTIL=20260503", RDATE=";VALUE=DATE:20260507")
    assert starts(more) == ["2026-05-07 00:00"]
    two = vevent(WHOLE_DAY, RRULE="FREQ=DAILY;UNTIL=20260503").replace(
        "RRULE:", "RRULE:FREQ=WEEKLY;COUNT=3\r\nRRULE:", 1
    )
    assert starts(two) == DAYS


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    "replaced",
    [
        ";TZID=GMT Standard Time:20260511T000000",  # Outlook: the midnight of the day
        ";TZID=Asia/Tokyo:20260511T000000",
        ":20260511T000000",
        ":20260511T000000Z",
        ";VALUE=DATE:20260511",
    ],
)
def test_a_day_of_a_series_of_days_is_replaced_however_it_is_named(replaced: str) -> None:
    series = vevent(WHOLE_DAY, UID="bin", RRULE="FREQ=WEEKLY;COUNT=3")
    moved = vevent(";VALUE=DATE:20260512", UID="bin", RECURRENCE_ID=replaced)
    assert starts(series, moved) == [DAYS[0], "2026-05-12 00:00", DAYS[2]]


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize("gap", ["\r\n", "\n", "\n\n", "\r\n\r\n", "\r"])
def test_lines_are_unfolded_over_empty_ones(gap: str) -> None:
    text = vcalendar(vevent(WHOLE_DAY, SUMMARY="Christmas"))
    broken = text.replace(";VALUE=DATE", f"\r\n{gap} ;VALUE=DATE").replace(
        ":Christmas", f"\r\n{gap} :Christ\r\n{gap} mas"
    )
    (row,) = read(broken, [2026], must_be_calendar=True).rows
    assert row[3] == "Christmas"
    spaced = f"BEGIN:VCALENDAR\r\n{gap}BEGIN:VEVENT\r\n{gap}SUMMARY:a\r\n  \r\n b\r\nEND:VEVENT\r\nEND:VCALENDAR"
    assert "SUMMARY:a b" in list(logical_lines(spaced))


def test_a_file_of_empty_lines_costs_little() -> None:
    begun = time.process_time()
    assert read("\n" * 5_000_000 + "\r\n" * 1_000_000, [2026], must_be_calendar=True).error
    assert time.process_time() - begun < 10


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize("name", ["Europe/rome", "europe/ROME", "EUROPE/ROME", "/mozilla.org/20050126_1/europe/rome"])
def test_names_of_zones_are_known_in_any_case(name: str) -> None:
    assert starts(vevent(f";TZID={name}:20260504T120000")) == ["2026-05-04 10:00"]


@pytest.mark.contract("planner §5.3")
def test_zones_of_a_file_that_differ_by_case_only() -> None:
    tokyo = ("BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0900", "TZOFFSETTO:+0900", "END:STANDARD")
    both = (*zone("Office"), *zone("office", *tokyo))
    events = [vevent(f";TZID={name}:20260504T120000", UID=name) for name in ("Office", "office")]
    assert [starts(*both, event) for event in events] == [["2026-05-04 10:00"], ["2026-05-04 03:00"]]


def _changes(*years: int, also: str = "") -> tuple[str, ...]:
    """Berlin's changes of single years, as a program of blogs writes them."""
    days = {2018: ("0325", "1028"), 2019: ("0331", "1027"), 2020: ("0329", "1025")}
    summer = [f"{year}{days[year][0]}T020000" for year in years]
    winter = [f"{year}{days[year][1]}T030000" for year in years]
    return (
        *("BEGIN:STANDARD", f"DTSTART:{winter[0]}", *(f"RDATE:{at}" for at in winter[1:])),
        *("TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD"),
        *("BEGIN:DAYLIGHT", f"DTSTART:{summer[0]}", *(f"RDATE:{at}" for at in summer[1:])),
        *("TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", also or "TZNAME:CEST", "END:DAYLIGHT"),
    )


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize("years", [(2018,), (2019, 2020), (2018, 2019, 2020)])
def test_a_definition_of_a_few_years_says_nothing_of_others(years: tuple[int, ...]) -> None:
    for local, expected in (("20161203T140000", "13:00"), ("20260706T140000", "12:00"), ("20261203T140000", "13:00")):
        event = vevent(f";TZID=Europe/Berlin:{local}")
        shown = starts(*zone("Europe/Berlin", *_changes(*years)), event, years=[2016, 2026])
        assert [start[-5:] for start in shown] == [expected], local
    # Where it does not agree, or nobody else knows the name, it is all there is.
    for name in ("Europe/Moscow", "Headquarters"):
        event = vevent(f";TZID={name}:20191203T140000")
        assert starts(*zone(name, *_changes(*years)), event, years=[2019]) == ["2019-12-03 13:00"]
