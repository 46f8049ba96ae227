"""What is read of a calendar, as the week and `import_summary` show it (planner §5.2 - §5.4, §6.3, §12.4)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from services.planner.tests.calls import create_feed, entries, spans
from services.planner.tests.feed_server import SEMINAR, vcalendar, vevent
from services.planner.tests.support import Publisher, Tables
from tests.support.client import User

from planner_service.calendar_feeds.payload import summary
from planner_service.calendar_feeds.queries import FeedRow


@pytest.mark.contract("planner §5.2", "planner §1.1", "planner §1.2", "planner §6.3")
def test_an_entry_of_a_feed_has_every_key(ann: User, publisher: Publisher) -> None:
    course_id = publisher.course(ann)
    feed = create_feed(ann, course_id=course_id, raw_ical=SEMINAR)
    assert entries(ann) == [
        {
            "title": "Seminar",
            "kind": "calendar",
            "course_id": course_id,
            "source_id": feed["id"],
            "calendar_title": "Lab timetable",
            "starts_at": "2026-05-05T09:30:00+00:00",
            "ends_at": "2026-05-05T10:30:00+00:00",
        }
    ]


@pytest.mark.contract("planner §6.3")
def test_ties_are_plan_then_session_then_calendar(ann: User, publisher: Publisher) -> None:
    create_feed(ann, raw_ical=vcalendar(vevent("20260506T120000Z"), vevent("20260506T110000Z")))
    ann.post("note-sessions/", {"note_id": publisher.note(ann), "started_at": "2026-05-06T12:00:00Z"})
    ann.post("planner-events/", {"title": "Plan", "event_date": "2026-05-06"})
    day = ann.get("activity/week/?start_date=2026-05-06").json()["days"][0]["events"]
    assert [item["kind"] for item in day] == ["calendar", "plan", "note_session", "calendar"]


@pytest.mark.contract("planner §5.4")
def test_entries_stand_on_their_first_day(ann: User) -> None:
    create_feed(
        ann,
        raw_ical=vcalendar(
            vevent("20260503T235959Z", DTEND="20260504T100000Z", SUMMARY="Before"),
            vevent("20260504T000000Z", SUMMARY="First"),
            vevent("20260510T235959Z", SUMMARY="Last"),
            vevent("20260511T000000Z", SUMMARY="After"),
            vevent("20260505T120000Z", DTEND="20260508T120000Z", SUMMARY="Long"),
        ),
    )
    assert [item["title"] for item in entries(ann)] == ["First", "Long", "Last"]


SIX = "2026-05-06T"
SUBSET: dict[str, tuple[str, int | list[tuple[str, str, str]]]] = {
    "no DTSTART": ("BEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT", []),
    "no DTEND": (vevent("20260506T093000Z", SUMMARY="x"), [("x", "09:30", "10:30")]),
    "no SUMMARY": (vevent("20260506T093000Z"), [("Lab timetable", "09:30", "10:30")]),
    "UTC": (vevent("20260506T093000Z", DTEND="20260506T094500Z", SUMMARY="x"), [("x", "09:30", "09:45")]),
    "minutes": (vevent("20260506T0930", DTEND="20260506T1015Z", SUMMARY="x"), [("x", "09:30", "10:15")]),
    "floating": (vevent("20260506T093000", DTEND="20260506T100000", SUMMARY="x"), [("x", "09:30", "10:00")]),
    "TZID": (
        vevent(";TZID=Europe/Rome:20260506T093000", DTEND=";TZID=Europe/Rome:20260506T103000", SUMMARY="x"),
        [("x", "07:30", "08:30")],
    ),
    "all day": (vevent(";VALUE=DATE:20260506", SUMMARY="x"), [("x", "00:00", "01:00")]),
    "DURATION": (vevent("20260506T093000Z", DURATION="PT1H30M", SUMMARY="x"), [("x", "09:30", "11:00")]),
    "repeated name": (vevent("20260506T093000Z\r\nSUMMARY:y", SUMMARY="x"), [("x", "09:30", "10:30")]),
    "folding": (
        vevent("20260506T093000Z", SUMMARY="A long\r\n  title\r\n\t here"),
        [("A long title here", "09:30", "10:30")],
    ),
    "escapes": (vevent("20260506T093000Z", SUMMARY=r"a\, b\; c\\d\nE"), [("a, b; c\\d\nE", "09:30", "10:30")]),
    "cancelled": (vevent("20260506T093000Z", STATUS="CANCELLED"), []),
    "alarm": (
        vevent("20260506T093000Z", SUMMARY="x\r\nBEGIN:VALARM\r\nSUMMARY:Wake\r\nDTSTART:1\r\nEND:VALARM"),
        [("x", "09:30", "10:30")],
    ),
    "bad DTSTART": (
        vevent("20261350T093000Z") + "\r\n" + vevent("20260506T093000Z", SUMMARY="x"),
        [("x", "09:30", "10:30")],
    ),
    "bad DTEND": (
        vevent("20260506T080000Z", DTEND="soon") + "\r\n" + vevent("20260506T093000Z", SUMMARY="x"),
        [("x", "09:30", "10:30")],
    ),
    "missing END": ("BEGIN:VEVENT\r\nDTSTART:20260506T080000Z\r\n" + vevent("20260506T093000Z"), 1),
    "never ended": (vevent("20260506T093000Z") + "\r\nBEGIN:VEVENT\r\nDTSTART:20260506T080000Z", 1),
    "zone that never ends": (
        "BEGIN:VTIMEZONE\r\nTZID:X\r\n" + vevent("20260506T093000Z", SUMMARY="x"),
        [("x", "09:30", "10:30")],
    ),
    "interval of nothing": (
        vevent("20260506T093000Z", SUMMARY="x", RRULE="FREQ=DAILY;INTERVAL=0")
        + "\r\n"
        + vevent("20260506T100000Z", SUMMARY="y"),
        [("x", "09:30", "10:30"), ("y", "10:00", "11:00")],
    ),
    "inverted": (vevent("20260506T093000Z", DTEND="20260506T080000Z", SUMMARY="x"), [("x", "09:30", "08:00")]),
    "inverted series": (
        vevent("20260429T093000Z", DTEND="20260429T080000Z", SUMMARY="x", RRULE="FREQ=WEEKLY"),
        [("x", "09:30", "08:00")],
    ),
    "periods": (
        vevent(
            "20260401T093000Z",
            SUMMARY="x",
            RDATE=";VALUE=PERIOD:20260506T080000Z/PT3H,20260506T120000Z/20260506T121500Z",
        ),
        [("x", "08:00", "11:00"), ("x", "12:00", "12:15")],
    ),
    "lower case": ("begin:vevent\r\nDTSTART:20260506T080000Z\r\nend:vevent\r\n" + vevent("20260506T093000Z"), 1),
    "dedupe": (
        "\r\n".join(vevent("20260506T093000Z", UID="u", SUMMARY=text) for text in "ab"),
        [("b", "09:30", "10:30")],
    ),
    "sequence": (
        vevent("20260506T093000Z", UID="u", SUMMARY="new", SEQUENCE="2")
        + "\r\n"
        + vevent("20260506T093000Z", UID="u", SUMMARY="old", SEQUENCE="1"),
        [("new", "09:30", "10:30")],
    ),
    "no UID": ("\r\n".join(vevent("20260506T093000Z", SUMMARY="x") for _ in "ab"), [("x", "09:30", "10:30")] * 2),
}


@pytest.mark.contract("planner §5.3", "planner §11", "decision 34")
@pytest.mark.parametrize("name", SUBSET)
def test_each_part_of_the_ical_subset_is_read(eve: User, name: str) -> None:
    part, expected = SUBSET[name]
    feed = create_feed(eve, raw_ical=vcalendar(part))
    shown = [item for item in entries(eve) if item["source_id"] == feed["id"]]
    found = [(item["title"], item["starts_at"], item["ends_at"]) for item in shown]
    eve.delete(f"calendar-feeds/{feed['id']}/")
    if isinstance(expected, int):
        assert len(found) == expected
    else:
        assert found == [(title, f"{SIX}{start}:00+00:00", f"{SIX}{end}:00+00:00") for title, start, end in expected]


@pytest.mark.contract("planner §5.3")
def test_an_all_day_entry_ends_at_the_next_midnight(ann: User) -> None:
    create_feed(ann, raw_ical=vcalendar(vevent(";VALUE=DATE:20260506", DTEND=";VALUE=DATE:20260508", SUMMARY="Trip")))
    assert spans(ann) == [("Trip", "2026-05-06T00:00:00+00:00", "2026-05-08T00:00:00+00:00")]


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize("ending", ["\n", "\r", "\r\n"])
def test_line_ends_indents_and_a_missing_frame_are_read(ann: User, ending: str) -> None:
    lines = ["  BEGIN:VEVENT", "    DTSTART:20260506T093000Z", "    SUMMARY:Pasted", "  END:VEVENT"]
    create_feed(ann, raw_ical=ending.join(lines))
    create_feed(ann, raw_ical=ending.join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"]))
    assert [title for title, _, _ in spans(ann)] == ["Pasted", "Pasted"]


@pytest.mark.contract("planner §12.4", "planner §3.1")
def test_an_import_is_summarised(ann: User) -> None:
    text = vcalendar(
        vevent("20260507T080000Z", SUMMARY="Second"),
        vevent("20260506T080000Z", SUMMARY="First"),
        vevent("20260508T080000Z"),
        vevent("20260501T080000Z", UID="s", RRULE="FREQ=WEEKLY;COUNT=2", SUMMARY="Series"),
        vevent("x", SUMMARY="Broken"),
    )
    feed = create_feed(ann, raw_ical=text)
    assert feed["entry_count"] == 4
    assert feed["import_summary"] == {
        "ok": True,
        "count": 4,
        "events": [
            {"title": "Series", "starts_at": "2026-05-01T08:00:00+00:00"},
            {"title": "First", "starts_at": "2026-05-06T08:00:00+00:00"},
            {"title": "Second", "starts_at": "2026-05-07T08:00:00+00:00"},
            {"title": "Lab timetable", "starts_at": "2026-05-08T08:00:00+00:00"},
            {"title": "Series", "starts_at": "2026-05-08T08:00:00+00:00"},
        ],
        "error": "",
    }


@pytest.mark.contract("planner §12.4")
@pytest.mark.parametrize("text", ["", "hello", vcalendar(), vcalendar("BEGIN:VTODO", "SUMMARY:x", "END:VTODO")])
def test_an_import_of_nothing_says_so(eve: User, text: str) -> None:
    summary = create_feed(eve, raw_ical=text)["import_summary"]
    assert (summary["ok"], summary["count"], summary["events"]) == (False, 0, [])
    assert summary["error"]


@pytest.mark.contract("planner §12.4")
def test_an_import_that_is_not_read_yet_says_so() -> None:
    at = datetime(2026, 5, 9, tzinfo=UTC)
    feed = FeedRow(1, "Lab", "I", "", None, True, None, at, at, 7, "https://example.org/lab.ics", None, None, 0)
    assert summary(feed, []).model_dump() == {
        "ok": False,
        "count": 0,
        "events": [],
        "error": "It is still being read.",
    }


@pytest.mark.contract("planner §5.3")
def test_series_are_shown_in_years_far_away(ann: User, tables: Tables) -> None:
    create_feed(
        ann, raw_ical=vcalendar(vevent(";TZID=Europe/Rome:19990105T090000", UID=ann.username, RRULE="FREQ=WEEKLY"))
    )
    for start, first in (
        ("1999-01-04", "1999-01-05T08"),
        ("2026-07-06", "2026-07-07T07"),
        ("2150-01-01", "2150-01-06T08"),
    ):
        assert [item["starts_at"][:13] for item in entries(ann, start)] == [first], start
    # Eight thousand years of weeks may cost more than the budget: shown or not, the week is answered.
    assert len(entries(ann, "9999-12-27")) <= 1
    assert [item["starts_at"][:10] for item in entries(ann, "2030-12-29")] == ["2030-12-31"]
    assert [item["starts_at"][:10] for item in entries(ann, "2030-12-30", 30)][:2] == ["2030-12-31", "2031-01-07"]
    for year in range(2040, 2060):
        assert len(entries(ann, f"{year}-06-01")) == 1
    kept = tables.rows(
        "SELECT count(*) AS n FROM planner.calendar_years y JOIN planner.calendar_feeds f ON f.source_id = y.source_id "
        "WHERE f.user_id = %s",
        ann.id,
    )
    assert kept[0]["n"] <= 12
