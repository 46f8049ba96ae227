"""What published entries say beside their time: names, alarms, places on the web, whole days, colours."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from services.planner.tests.calls import change_event, create_feed, entries, link, plan
from services.planner.tests.feed_server import SEMINAR, FeedServer, vcalendar, vevent
from services.planner.tests.support import Publisher, Tables
from services.planner.tests.test_published_calendars import published
from tests.support.client import Api, User

from planner_service.calendar_links.publish import COLORS


def calendar_of(api: Api, made: dict[str, Any]) -> Any:
    """What a link shows; the library's values are of many types."""
    return published(api, made)


def one(calendar: Any, kind: str = "VEVENT") -> Any:
    (part,) = calendar.walk(kind)
    return part


def test_entries_are_called_by_the_installation(
    ann: User, api: Api, publisher: Publisher, tables: Tables, tomorrow: date
) -> None:
    event = plan(ann, tomorrow)
    session = ann.post("note-sessions/", {"note_id": publisher.note(ann)}).json()
    made = link(ann)
    (row,) = tables.rows("SELECT id FROM planner.installation")
    uids = {str(part["UID"]) for part in calendar_of(api, made).walk() if "UID" in part}
    names = (f"event-{event['id']}", f"deadline-{event['id']}", f"session-{session['id']}")
    assert uids == {f"{name}@{row['id']}" for name in names}
    # What was published before keeps its name, whatever the installation or its host is called now.
    tables.rows("UPDATE planner.planner_events SET uid_host = 'old.example' WHERE id = %s", event["id"])
    tables.rows("UPDATE planner.note_sessions SET uid_host = 'old.example' WHERE id = %s", session["id"])
    uids = {str(part["UID"]) for part in calendar_of(api, made).walk() if "UID" in part}
    assert uids == {f"{name}@old.example" for name in names}
    change_event(ann, event, title="Other")
    assert f"event-{event['id']}@old.example" in {str(part["UID"]) for part in calendar_of(api, made).walk("VEVENT")}


@pytest.mark.parametrize(("minutes", "expected"), [(0, timedelta(0)), (15, timedelta(minutes=-15)), (None, None)])
def test_alarms_are_what_the_link_says(
    ann: User, api: Api, tomorrow: date, minutes: int | None, expected: timedelta | None
) -> None:
    plan(ann, tomorrow, title="Exam, oral")
    made = link(ann, alarm_minutes=minutes, include_sessions=False)
    assert (made["alarm_minutes"], ann.get("calendar-links/").json()[0]["alarm_minutes"]) == (minutes, minutes)
    for kind, related in (("VEVENT", None), ("VTODO", "END")):
        alarms = one(calendar_of(api, made), kind).walk("VALARM")
        assert [alarm["TRIGGER"].dt for alarm in alarms] == ([] if expected is None else [expected])
        for alarm in alarms:
            assert (str(alarm["ACTION"]), str(alarm["DESCRIPTION"])) == ("DISPLAY", "Exam, oral")
            assert alarm["TRIGGER"].params.get("RELATED") == related


@pytest.mark.parametrize("minutes", [-1, 40_321, "soon", True])
def test_bad_alarms_are_400(ann: User, minutes: object) -> None:
    answer = ann.post("calendar-links/", {"name": "Phone", "alarm_minutes": minutes})
    assert (answer.status_code, list(answer.json())) == (400, ["alarm_minutes"])


@pytest.mark.parametrize(
    ("description", "address"),
    [
        ("Room 7\nhttps://meet.example/abc?x=1\nBring the list", "https://meet.example/abc?x=1"),
        ("  https://meet.example/abc  ", "https://meet.example/abc"),
        ("http://a.example\nhttps://b.example", "http://a.example"),
        ("see https://meet.example/abc", None),
        ("https://meet.example/a b", None),
        ("ftp://meet.example", None),
        ("https://meet.example/\\nX:1", None),
        ("", None),
    ],
)
def test_an_address_alone_on_a_line_is_a_place_on_the_web(
    ann: User, api: Api, tomorrow: date, description: str, address: str | None
) -> None:
    plan(ann, tomorrow, description=description)
    event = one(calendar_of(api, link(ann, include_sessions=False)))
    assert (event.get("URL"), event.get("LOCATION")) == (address, address)


def test_an_event_without_a_time_is_one_of_the_whole_day(ann: User, ben: User, api: Api, tomorrow: date) -> None:
    event = plan(ann, tomorrow, recurrence_freq="W", recurrence_end_date=str(tomorrow + timedelta(days=14)))
    made = link(ann, include_sessions=False)
    shown = one(calendar_of(api, made))
    assert (shown["DTSTART"].dt, shown["DTEND"].dt) == (tomorrow, tomorrow + timedelta(days=1))
    assert shown["RRULE"]["UNTIL"] == [tomorrow + timedelta(days=14)]  # a date, as DTSTART
    assert one(calendar_of(api, made), "VTODO")["DUE"].dt == tomorrow
    # The API has noon all the same (planner §2.4), and a time makes it one of an hour.
    assert event["starts_at"] == f"{tomorrow}T12:00:00+00:00"
    change_event(ann, event, title="Other")
    assert one(calendar_of(api, made))["DTSTART"].dt == tomorrow
    change_event(ann, event, starts_at=f"{tomorrow}T12:00:00Z")
    assert one(calendar_of(api, made))["DTSTART"].dt.hour == 12
    change_event(ann, event, starts_at=None)
    assert one(calendar_of(api, made))["DTSTART"].dt == tomorrow


def test_calendars_and_courses_have_a_name_and_a_colour(
    ann: User, api: Api, publisher: Publisher, tomorrow: date
) -> None:
    course = publisher.course(ann)
    plan(ann, tomorrow, course_id=course)
    calendar = calendar_of(api, link(ann, name="Phone at work", include_sessions=False))
    assert str(calendar["NAME"]) == str(calendar["X-WR-CALNAME"]) == "Phone at work"
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert str(one(calendar)["COLOR"]) == COLORS[course % len(COLORS)]


@pytest.mark.contract("planner §12.1")
def test_days_that_a_month_lacks_are_written_as_every_program_reads_them(ann: User, api: Api) -> None:
    plan(ann, "2026-01-31", title="31", recurrence_freq="M")
    plan(ann, "2026-01-30", title="30", recurrence_freq="M")
    plan(ann, "2026-01-29", title="29", recurrence_freq="M", recurrence_count=15)
    plan(ann, "2024-02-29", title="leap", recurrence_freq="Y")
    parts = calendar_of(api, link(ann, include_deadlines=False, include_sessions=False)).walk("VEVENT")
    rules = {str(part["SUMMARY"]): part["RRULE"].to_ical().decode() for part in parts if "RRULE" in part}
    assert rules == {
        "31": "FREQ=MONTHLY;BYMONTHDAY=-1",
        "30": "FREQ=MONTHLY;BYMONTHDAY=30",
        "29": "FREQ=MONTHLY;UNTIL=20270329;BYMONTHDAY=29",
        "leap": "FREQ=YEARLY;BYMONTHDAY=-1;BYMONTH=2",
    }
    uids = {str(part["SUMMARY"]): str(part["UID"]) for part in parts if "RRULE" in part}
    beside = [part for part in parts if "RRULE" not in part]
    assert all(str(part["RELATED-TO"]) == uids[str(part["SUMMARY"])] for part in beside)
    assert len({str(part["UID"]) for part in parts}) == len(parts)
    days = {title: [part["DTSTART"].dt for part in beside if str(part["SUMMARY"]) == title] for title in rules}
    assert (days["31"], days["leap"]) == ([], [])
    assert {date(2026, 2, 28), date(2027, 2, 28)} <= set(days["30"])
    assert days["29"] == [date(2026, 2, 28), date(2027, 2, 28)]


def test_a_preview_shows_what_a_feed_would(ann: User, feeds: FeedServer) -> None:
    text = vcalendar(
        "X-WR-CALNAME:Timetable\\, spring",
        *(vevent(f"202605{day:02}T080000Z", UID=f"{day}", SUMMARY=f"Day {day}") for day in range(12, 0, -1)),
        vevent("20261305T080000Z", UID="x", SUMMARY="Broken"),
    )
    url, page = feeds.page(text)
    answer = ann.post("calendar-feeds/preview/", {"source_url": url})
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["ok"], shown["name"], shown["count"], shown["error"]) == (True, "Timetable, spring", 12, "")
    assert [event["title"] for event in shown["events"]] == [f"Day {day}" for day in range(1, 11)]
    assert shown["events"][0]["starts_at"] == "2026-05-01T08:00:00+00:00"
    assert shown["skipped"]["count"] == 1
    page.status = 404
    assert ann.post("calendar-feeds/preview/", {"source_url": url}).json() == {
        "ok": False,
        "name": "",
        "count": 0,
        "events": [],
        "skipped": {"count": 0, "reason": None},
        "error": "The server answered 404.",
    }
    assert ann.get("calendar-feeds/").json() == []
    create_feed(ann, raw_ical=SEMINAR)
    assert len(entries(ann)) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "source_url"), ({"source_url": ""}, "source_url"), ({"source_url": "ftp://x"}, "source_url")],
)
def test_a_preview_of_nothing_is_400(ann: User, body: dict[str, str], field: str) -> None:
    answer = ann.post("calendar-feeds/preview/", body)
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_a_preview_needs_a_login_and_a_public_address(ann: User, api: Api) -> None:
    assert api.post("calendar-feeds/preview/", {"source_url": "https://x.example/a.ics"}).status_code == 401
    refused = ann.post("calendar-feeds/preview/", {"source_url": "http://169.254.169.254/latest/"}).json()
    assert refused["error"] == "Its address does not lie in the public internet."
