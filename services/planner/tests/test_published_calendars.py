"""What other programs read under a calendar link (RFC 5545)."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from services.planner.tests.calls import create_feed, entries, link, plan, read_link
from services.planner.tests.feed_server import vcalendar, vevent
from services.planner.tests.support import Publisher, note_event
from tests.support.client import Api, User

from notechondria_contracts.events.notes import NoteTrashed
from notechondria_launcher.stack import Stack
from planner_service.calendar_links.ical import days_beside, folded, rule, text
from planner_service.calendars.lines import unescape
from planner_service.calendars.reading import from_seconds, read
from planner_service.planner_events.recurrence import Series


def published(api: Api, made: dict[str, Any]) -> Calendar:
    answer = read_link(api, made)
    assert answer.status_code == 200, answer.text
    parsed = Calendar.from_ical(answer.content)
    assert isinstance(parsed, Calendar)
    return parsed


def summaries(calendar: Calendar, kind: str = "VEVENT") -> list[str]:
    return sorted(str(part["SUMMARY"]) for part in calendar.walk(kind))


def test_document(ann: User, api: Api, publisher: Publisher, tomorrow: date) -> None:
    course_id = publisher.course(ann)
    event = plan(
        ann,
        tomorrow,
        title="Hand in, finally; 100 %",
        description="Line one\nLine \\ two " + "ü" * 60,
        course_id=course_id,
        difficulty_weight=3,
    )
    ann.patch(f"planner-events/{event['id']}/", {"starts_at": f"{tomorrow}T14:00:00Z"})
    plan(ann, tomorrow, title="Done", is_completed=True)
    session = ann.post(
        "note-sessions/", {"note_id": publisher.note(ann, course_id=course_id), "summary": "Read"}
    ).json()
    answer = read_link(api, link(ann))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"].startswith("private")
    lines = answer.content.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert all(len(line) <= 75 for line in lines)
    calendar = Calendar.from_ical(answer.content)
    # RFC 5545 §3.6, §3.6.1: what a strict reader insists on.
    assert calendar["PRODID"]
    for part in calendar.walk():
        assert part.errors == []
        assert part.name == "VCALENDAR" or {"UID", "DTSTAMP"} <= set(part)
    assert (str(calendar["VERSION"]), str(calendar["METHOD"]), str(calendar["X-WR-CALNAME"])) == (
        "2.0",
        "PUBLISH",
        "Phone",
    )
    found: dict[str, Any] = {str(part["UID"]).partition("@")[0]: part for part in calendar.walk() if "UID" in part}
    assert set(found) == {f"event-{event['id']}", f"deadline-{event['id']}", f"session-{session['id']}"}
    shown = found[f"event-{event['id']}"]
    assert str(shown["SUMMARY"]) == "Hand in, finally; 100 %"
    assert str(shown["DESCRIPTION"]) == "Line one\nLine \\ two " + "ü" * 60
    assert shown["DTSTART"].dt == datetime.fromisoformat(f"{tomorrow}T14:00:00+00:00")
    assert shown["DTEND"].dt == datetime.fromisoformat(f"{tomorrow}T15:00:00+00:00")
    assert (shown["SEQUENCE"], str(shown["STATUS"])) == (1, "CONFIRMED")
    assert shown["CATEGORIES"].cats == ["Biology"]
    assert shown["DTSTAMP"].dt == shown["LAST-MODIFIED"].dt
    due = found[f"deadline-{event['id']}"]
    assert (due.name, due["DUE"].dt, due["PRIORITY"]) == ("VTODO", shown["DTSTART"].dt, 5)
    worked = found[f"session-{session['id']}"]
    assert (str(worked["SUMMARY"]), str(worked["DESCRIPTION"]), str(worked["TRANSP"])) == (
        "Enzymes",
        "Read",
        "TRANSPARENT",
    )


@pytest.mark.parametrize("kind", ["events", "sessions", "deadlines"])
def test_what_is_included(ann: User, api: Api, publisher: Publisher, tomorrow: date, kind: str) -> None:
    plan(ann, tomorrow)
    ann.post("note-sessions/", {"note_id": publisher.note(ann)})
    chosen = {f"include_{name}": name == kind for name in ("events", "sessions", "deadlines")}
    calendar = published(api, link(ann, **chosen))
    expected = {"events": (["Plan"], []), "sessions": (["Enzymes"], []), "deadlines": ([], ["Plan"])}[kind]
    assert (summaries(calendar), summaries(calendar, "VTODO")) == expected


def test_a_link_of_one_course_never_opens_up(
    ann: User, ben: User, api: Api, publisher: Publisher, tomorrow: date
) -> None:
    course_id, other = publisher.course(ann), publisher.course(ann)
    plan(ann, tomorrow, title="Of it", course_id=course_id)
    plan(ann, tomorrow, title="Of another", course_id=other)
    plan(ann, tomorrow, title="Private")
    plan(ben, tomorrow, title="Of somebody else", course_id=course_id)
    ann.post("note-sessions/", {"note_id": publisher.note(ann, course_id=course_id, title="Work")})
    ann.post("note-sessions/", {"note_id": publisher.note(ann, title="Private work")})
    made = link(ann, course_id=course_id)
    assert summaries(published(api, made)) == ["Of it", "Work"]
    publisher.on_course_deleted(course_id)
    assert ann.get("calendar-links/").json()[0]["course_id"] is None
    assert summaries(published(api, made)) == []


def test_sessions_of_binned_notes_and_old_events_are_not_published(
    ann: User, api: Api, publisher: Publisher, today: date
) -> None:
    note_id = publisher.note(ann)
    ann.post("note-sessions/", {"note_id": note_id})
    publisher.publish(note_event(NoteTrashed, note_id, ann, revision=2))
    plan(ann, today - timedelta(days=800), title="Long ago")
    plan(ann, today - timedelta(days=800), title="Again and again", recurrence_freq="W")
    calendar = published(api, link(ann))
    assert summaries(calendar) == summaries(calendar, "VTODO") == ["Again and again"]


def test_etag_and_304(ann: User, api: Api, tomorrow: date) -> None:
    event = plan(ann, tomorrow)
    made = link(ann)
    first = read_link(api, made)
    tag = first.headers["etag"]
    for given_tag in (tag, f'"x", W/{tag}', "*"):
        again = read_link(api, made, **{"If-None-Match": given_tag})
        assert (again.status_code, again.content, again.headers["etag"].removeprefix("W/")) == (304, b"", tag)
    head = api.request("HEAD", f"/calendar/{made['token']}.ics", headers={"Accept-Encoding": "identity"})
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
    assert int(head.headers["content-length"]) == len(first.content)
    ann.patch(f"planner-events/{event['id']}/", {"title": "Other"})
    changed = read_link(api, made, **{"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    uids = re.compile(rb"UID:\S+")
    assert uids.findall(changed.content) == uids.findall(first.content)


def noon(user: User, day: object, **fields: Any) -> dict[str, Any]:
    """An event with a time of day."""
    return plan(user, day, **{"starts_at": f"{day}T12:00:00Z", **fields})


def test_round_trip_gives_the_same_week(ann: User, ben: User, publisher: Publisher, stack: Stack, today: date) -> None:
    noon(ann, today, title="Once, only; here\\", starts_at=f"{today}T08:30:00Z", ends_at=f"{today}T10:00:00Z")
    noon(ann, today - timedelta(days=70), title="Weekly", recurrence_freq="W", recurrence_interval=2)
    noon(ann, today - timedelta(days=70), title="Five times", recurrence_freq="W", recurrence_count=5)
    noon(
        ann,
        today - timedelta(days=70),
        title="Until",
        recurrence_freq="W",
        recurrence_end_date=str(today),
        recurrence_count=90,
    )
    noon(ann, "2026-01-31", title="Month's end", recurrence_freq="M")
    noon(ann, "2024-02-29", title="Leap", recurrence_freq="Y", recurrence_end_date="2028-02-29")
    noon(ann, today, title="Done", is_completed=True)
    noon(ann, today, title="Never", recurrence_freq="W", recurrence_end_date=str(today - timedelta(days=1)))
    ann.post("note-sessions/", {"note_id": publisher.note(ann), "started_at": f"{today}T07:00:00Z"})
    url = f"http://127.0.0.1:{stack.ports['gateway']}/calendar/{link(ann)['token']}.ics"
    create_feed(ben, source_kind="S", source_url=url)
    weeks = [today - timedelta(days=70), today - timedelta(days=35), today, today + timedelta(days=3)]
    seen = set()
    for start in [*map(str, weeks), "2026-02-25", "2026-04-28", "2027-02-25", "2028-02-26", "2029-02-26"]:
        ours = ann.get(f"activity/week/?start_date={start}&days=30").json()["days"]
        expected = sorted((item["starts_at"], item["ends_at"], item["title"]) for day in ours for item in day["events"])
        got = sorted((item["starts_at"], item["ends_at"], item["title"]) for item in entries(ben, start, 30))
        assert got == expected, start
        seen |= {title for _, _, title in got}
    assert seen == {"Once, only; here\\", "Weekly", "Five times", "Until", "Month's end", "Leap", "Enzymes"}


def test_ends_lie_after_starts(ann: User, api: Api, publisher: Publisher, today: date) -> None:
    plan(ann, today, starts_at=f"{today}T10:00:00.2Z", ends_at=f"{today}T10:00:00.7Z")
    backwards = {"started_at": f"{today}T09:00:00Z", "ended_at": f"{today}T08:00:00Z"}
    ann.post("note-sessions/", {"note_id": publisher.note(ann), **backwards})
    parts: list[Any] = published(api, link(ann)).walk("VEVENT")
    for part in parts:
        assert part["DTEND"].dt - part["DTSTART"].dt == timedelta(seconds=1)  # RFC 5545 §3.8.2.2


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=300))
def test_text_and_folding_can_be_undone(value: str) -> None:
    pieces = list(folded(f"SUMMARY:{text(value)}"))
    assert all(len(piece.encode()) <= 75 for piece in pieces)
    line = pieces[0] + "".join(piece[1:] for piece in pieces[1:])
    assert unescape(line.removeprefix("SUMMARY:")) == value.strip()


@pytest.mark.contract("planner §12.1")
@given(
    first=st.dates(date(2020, 1, 1), date(2026, 12, 31)),
    freq=st.sampled_from("WMY"),
    interval=st.integers(1, 15),
    length=st.none() | st.integers(0, 900),
    count=st.none() | st.integers(1, 30),
)
def test_rules_mean_the_same_days(first: date, freq: str, interval: int, length: int | None, count: int | None) -> None:
    end = None if length is None else first + timedelta(days=length)
    series = Series(first, freq, interval, end, count)
    row = SimpleNamespace(
        event_date=first,
        recurrence_freq=freq,
        recurrence_interval=interval,
        recurrence_end_date=end,
        recurrence_count=count,
    )
    written = rule(row, time(23, 30))
    beside = days_beside(row, date(2026, 1, 1), date(2027, 12, 31))
    dates = [(f"{first:%Y%m%d}", written), *((f"{day:%Y%m%d}", None) for day in beside)]
    document = vcalendar(
        *(
            vevent(f"{day}T233000Z", UID=f"u{number}", **({"RRULE": text} if text else {}))
            for number, (day, text) in enumerate(dates)
        )
    )
    years = [2026, 2027]
    found = sorted(from_seconds(start).date() for _, start, *_ in read(document, years, must_be_calendar=True).rows)
    days = list(series.between(date(2026, 1, 1), date(2027, 12, 31)))
    assert [day for day in found if day.year in years] == days
