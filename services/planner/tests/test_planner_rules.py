"""The planner's pure rules: window, completion, recurrence, urgency, heatmap grade, days of a week."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from notechondria_shared.core.errors import FieldErrors
from planner_service.heatmap.service import past_value
from planner_service.planner_events.completion import completed_at
from planner_service.planner_events.recurrence import MOST_OCCURRENCES, Series
from planner_service.planner_events.schemas import EventLimit, IncludeCompleted
from planner_service.planner_events.window import END_OF_TIME, Window, later, moved, settle
from planner_service.week.days import Days
from planner_service.week.schemas import WeekLength
from planner_service.week.urgency import urgency_score

DAY = date(2026, 5, 9)
NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 5, day, hour, minute, tzinfo=UTC)


@pytest.mark.contract("planner §2.4")
@pytest.mark.parametrize(
    ("starts_at", "ends_at", "expected"),
    [
        (None, None, Window(DAY, at(9, 12), at(9, 13))),
        (at(10, 1), None, Window(date(2026, 5, 10), at(10, 1), at(10, 2))),
        (at(10, 1), at(10, 4), Window(date(2026, 5, 10), at(10, 1), at(10, 4))),
        (at(11, 9), at(11, 9), Window(date(2026, 5, 11), at(11, 9), at(11, 10))),
        (at(11, 9), at(6, 15), Window(date(2026, 5, 11), at(11, 9), at(11, 10))),
        (None, at(9, 11), Window(DAY, at(9, 12), at(9, 13))),
        (None, at(9, 12, 5), Window(DAY, at(9, 12), at(9, 12, 5))),
    ],
)
def test_the_window_is_settled_step_by_step(
    starts_at: datetime | None, ends_at: datetime | None, expected: Window
) -> None:
    assert settle(DAY, starts_at, ends_at) == expected


@pytest.mark.contract("planner §2.4")
def test_the_window_ends_with_the_calendar() -> None:
    late = END_OF_TIME - timedelta(minutes=1)
    assert settle(DAY, late, None).ends_at == END_OF_TIME
    with pytest.raises(FieldErrors):
        settle(DAY, END_OF_TIME, None)


@pytest.mark.contract("planner §2.4", "decision 32")
def test_moving_keeps_time_and_length() -> None:
    window = Window(DAY, at(9, 23, 30), at(10, 1))
    assert moved(window, date(2026, 5, 20)) == Window(date(2026, 5, 20), at(20, 23, 30), at(21, 1))
    assert moved(window, date(9999, 12, 31)).ends_at == END_OF_TIME
    assert later(END_OF_TIME, timedelta(minutes=15)) == END_OF_TIME


@pytest.mark.contract("planner §2.5")
@pytest.mark.parametrize(
    ("sent", "stored", "expected"),
    [
        ({"is_completed": True}, None, NOW),
        ({"is_completed": True}, at(1, 1), at(1, 1)),
        ({"is_completed": True, "completed_at": at(2, 2)}, at(1, 1), at(2, 2)),
        ({"is_completed": True, "completed_at": None}, None, NOW),
        ({"is_completed": False, "completed_at": at(2, 2)}, at(1, 1), None),
        ({"is_completed": False}, at(1, 1), None),
        ({"completed_at": at(2, 2)}, None, at(2, 2)),
        ({"title": "x"}, at(1, 1), at(1, 1)),
    ],
)
def test_the_time_of_completion_is_sent_kept_or_now(
    sent: dict[str, object], stored: datetime | None, expected: datetime | None
) -> None:
    assert completed_at(sent, stored, NOW) == expected


def dates(series: Series, first: date, last: date) -> list[str]:
    return [day.isoformat() for day in series.between(first, last)]


@pytest.mark.contract("planner §12.1")
def test_months_clamp_from_the_original_day() -> None:
    series = Series(date(2026, 1, 31), "M")
    assert dates(series, date(2026, 1, 1), date(2026, 5, 31)) == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
    ]
    assert dates(series, date(2026, 2, 28), date(2026, 2, 28)) == ["2026-02-28"]


@pytest.mark.contract("planner §12.1")
def test_years_clamp_leap_days() -> None:
    series = Series(date(2024, 2, 29), "Y")
    assert dates(series, date(2025, 1, 1), date(2028, 12, 31)) == [
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


@pytest.mark.contract("planner §12.1")
def test_series_follow_interval_count_and_end() -> None:
    assert dates(Series(DAY, "W", 2), DAY, date(2026, 6, 10)) == ["2026-05-09", "2026-05-23", "2026-06-06"]
    assert dates(Series(DAY, "W", count=2), DAY, date(2026, 12, 31)) == ["2026-05-09", "2026-05-16"]
    ending = Series(DAY, "W", end_date=date(2026, 5, 23))
    assert dates(ending, DAY, date(2026, 12, 31)) == ["2026-05-09", "2026-05-16", "2026-05-23"]
    assert dates(Series(DAY, "N"), DAY, date(2026, 12, 31)) == ["2026-05-09"]
    assert dates(Series(DAY, "N"), date(2026, 5, 16), date(2026, 12, 31)) == []


@pytest.mark.contract("planner §12.1")
def test_no_more_than_4000_occurrences() -> None:
    series = Series(date(1900, 1, 1), "W")
    last = date(1900, 1, 1) + timedelta(weeks=MOST_OCCURRENCES - 1)
    assert dates(series, last, last + timedelta(weeks=3)) == [last.isoformat()]
    assert series.occurrence(MOST_OCCURRENCES) is None


@pytest.mark.contract("planner §12.1")
def test_a_series_ends_with_the_calendar() -> None:
    assert dates(Series(date(9999, 12, 30), "W"), date(9999, 12, 1), date.max) == ["9999-12-30"]
    assert dates(Series(date(9999, 12, 30), "M"), date(9999, 12, 1), date.max) == ["9999-12-30"]
    assert dates(Series(DAY, "Y", 2**63 - 1), DAY, date.max) == [DAY.isoformat()]
    assert dates(Series(DAY, "W", 2**63 - 1), DAY, date.max) == [DAY.isoformat()]


@pytest.mark.contract("planner §12.1")
def test_the_next_occurrence_is_within_400_days() -> None:
    within = timedelta(days=400)
    assert Series(DAY, "W").next_from(date(2026, 5, 10), within) == date(2026, 5, 16)
    assert Series(DAY, "W").next_from(date(2026, 5, 16), within) == date(2026, 5, 16)
    assert Series(DAY, "Y", 2).next_from(date(2026, 5, 10), within) is None
    assert Series(date(2027, 7, 1), "Y").next_from(DAY, within) is None
    assert Series(DAY, "W", count=2).next_from(date(2026, 6, 1), within) is None
    assert Series(date(9999, 12, 31), "W").next_from(date(9999, 12, 1), within) == date(9999, 12, 31)


def stepped(series: Series) -> list[date]:
    """The rule of planner §12.1 word by word, one step after the other."""
    found = []
    for k in range(min(series.count or MOST_OCCURRENCES, MOST_OCCURRENCES)):
        if series.freq == "W":
            day = series.first + timedelta(weeks=k * series.interval)
        else:
            months = series.first.month - 1 + k * series.interval * (12 if series.freq == "Y" else 1)
            year, month = series.first.year + months // 12, months % 12 + 1
            day = date(year, month, min(series.first.day, calendar.monthrange(year, month)[1]))
        if day > date(2060, 1, 1) or (series.end_date and day > series.end_date):
            break
        found.append(day)
    return found


days = st.dates(date(2000, 1, 1), date(2040, 1, 1))


@pytest.mark.contract("planner §12.1")
@given(
    st.builds(
        Series,
        days,
        st.sampled_from("WMY"),
        st.integers(1, 30),
        st.none() | days,
        st.none() | st.integers(1, 200),
    ),
    days,
    st.integers(0, 400),
)
def test_occurrences_by_arithmetic_are_those_by_stepping(series: Series, first: date, length: int) -> None:
    last = first + timedelta(days=length)
    expected = [day for day in takewhile(lambda day: day <= last, stepped(series)) if day >= first]
    assert list(series.between(first, last)) == expected


@pytest.mark.contract("planner §6.4")
def test_urgency_is_weight_by_hours_left() -> None:
    assert urgency_score(3, NOW + timedelta(hours=50), NOW) == 0.06
    assert urgency_score(3, NOW - timedelta(hours=2), NOW) == 180
    assert urgency_score(2, NOW + timedelta(seconds=30), NOW) == 120
    assert urgency_score(1, NOW + timedelta(hours=7), NOW) == 0.1429


@pytest.mark.contract("planner §7")
@pytest.mark.parametrize(
    ("notes", "most_words", "expected"),
    [(1, 1, 1), (1, 99, 1), (1, 100, 1), (1, 320, 3), (1, 10_000, 4), (2, 10, 2), (9, 10, 4), (0, 0, 0)],
)
def test_a_past_value_is_graded_by_notes_and_words(notes: int, most_words: int, expected: int) -> None:
    assert past_value(notes, most_words) == expected


@pytest.mark.contract("planner §6.1")
@pytest.mark.parametrize(
    ("start_date", "length", "expected"),
    [
        ("2026-05-04", "", ("2026-05-04", "2026-05-10")),
        ("2026-05-04T23:30:00-05:00", "", ("2026-05-05", "2026-05-11")),
        ("2026-05-04T10:00:00.000", "3", ("2026-05-04", "2026-05-06")),
        ("", "30", ("2026-05-09", "2026-06-07")),
        ("04/05/2026", "7", ("2026-05-09", "2026-05-15")),
        ("2026-02-30", "14", ("2026-05-09", "2026-05-15")),
        ("\x00", "x", ("2026-05-09", "2026-05-15")),
        ("9999-12-30", "30", ("9999-12-30", "9999-12-31")),
        ("0001-01-01", "3", ("0001-01-01", "0001-01-03")),
    ],
)
def test_the_days_of_a_week_follow_start_and_length(start_date: str, length: str, expected: tuple[str, str]) -> None:
    asked = Days.asked(start_date, TypeAdapter(WeekLength).validate_python(length), DAY)
    assert (asked.first.isoformat(), asked.last.isoformat()) == expected
    assert len(asked.each()) == asked.length
    assert asked.each()[0] == asked.first
    assert asked.each()[-1] == asked.last


@pytest.mark.contract("planner §2.1")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5),
        ("0", 1),
        ("-3", 1),
        ("999", 200),
        ("9" * 400, 200),
        ("", None),
        ("x", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_a_limit_is_clamped_or_ignored(text: str, expected: int | None) -> None:
    assert TypeAdapter(EventLimit).validate_python(text) == expected


@pytest.mark.contract("planner §2.1")
def test_include_completed_is_1_or_true() -> None:
    read = TypeAdapter(IncludeCompleted).validate_python
    assert [bool(read(text)) for text in ("1", "true", "True", "0", "", "yes")] == [True] * 3 + [False] * 3
