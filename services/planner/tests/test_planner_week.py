"""The activity week and recurring events through the gateway (planner §6, §12.1)."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from services.planner.tests.calls import begin_session, change_event, create_feed, grid, plan, week
from services.planner.tests.feed_server import SEMINAR
from services.planner.tests.support import Publisher, Tables
from tests.support.client import User

from notechondria_launcher.stack import Stack
from notechondria_shared.db import Prepared, Reader
from notechondria_shared.db.reader import Scalar
from planner_service.week import service
from planner_service.week.days import Days


def on_days(user: User, query: str) -> list[str]:
    return [day for day, events in grid(user, query).items() if events]


@pytest.mark.contract("planner §6.2", "planner §0", "planner §6.1")
def test_empty_week_has_all_its_days(ann: User, today: date) -> None:
    body = week(ann)
    assert body["start_date"] == today.isoformat()
    assert body["previous_week_start"] == (today - timedelta(days=7)).isoformat()
    assert body["next_week_start"] == (today + timedelta(days=7)).isoformat()
    assert body["days"] == [{"date": (today + timedelta(days=n)).isoformat(), "events": []} for n in range(7)]
    assert body["deadlines"] == []
    assert list(body) == ["start_date", "previous_week_start", "next_week_start", "days", "deadlines"]


@pytest.mark.contract("planner §6.1", "planner §6.2", "planner §12.3", "decision 33")
@pytest.mark.parametrize(("days", "length"), [("3", 3), ("7", 7), ("30", 30), ("14", 7), ("", 7), ("x", 7)])
def test_the_week_has_3_7_or_30_days(eve: User, days: str, length: int) -> None:
    body = week(eve, f"?start_date=2026-05-06&days={days}")
    assert [len(body["days"]), body["days"][0]["date"]] == [length, "2026-05-06"]
    assert (body["previous_week_start"], body["next_week_start"]) == ("2026-04-29", "2026-05-13")


@pytest.mark.contract("planner §6.1")
@pytest.mark.parametrize(
    ("start_date", "first"),
    [
        ("2026-05-06", "2026-05-06"),
        ("2026-05-06T23:59:59.999", "2026-05-06"),
        ("2026-05-06T00:00:00Z", "2026-05-06"),
        ("2026-05-06T23:30:00-05:00", "2026-05-07"),
        ("2026-05-06T00:30:00%2B02:00", "2026-05-05"),
    ],
)
def test_start_is_a_date_or_a_moment_and_not_aligned(eve: User, start_date: str, first: str) -> None:
    body = week(eve, f"?start_date={start_date}")
    assert body["start_date"] == body["days"][0]["date"] == first
    assert len(body["days"]) == 7


@pytest.mark.contract("planner §6.1")
@pytest.mark.parametrize("start_date", ["yesterday", "", "2026-13-01", "2026-02-30", "%00", "1"])
def test_unreadable_start_is_today(eve: User, today: date, start_date: str) -> None:
    assert week(eve, f"?start_date={start_date}")["start_date"] == today.isoformat()


@pytest.mark.contract("planner §6.1", "decision 17")
def test_weeks_at_the_edges_of_the_calendar_are_clamped(ann: User) -> None:
    plan(ann, "9999-12-31", recurrence_freq="W", starts_at="9999-12-31T23:30:00Z")
    plan(ann, "0001-01-01")
    last = week(ann, "?start_date=9999-12-30&days=30")
    assert [day["date"] for day in last["days"]] == ["9999-12-30", *["9999-12-31"] * 29]
    assert (last["previous_week_start"], last["next_week_start"]) == ("9999-12-23", "9999-12-31")
    assert [len(day["events"]) for day in last["days"]] == [0, 1, *[0] * 28]
    first = week(ann, "?start_date=0001-01-01")
    assert (first["previous_week_start"], len(first["days"][0]["events"])) == ("0001-01-01", 1)


@pytest.mark.contract("planner §6.3", "planner §2.5", "planner §12.2")
def test_a_plan_item_is_the_event_with_its_kind(ann: User, ben: User) -> None:
    event = plan(ann, "2026-05-06", difficulty_weight=3)
    plan(ann, "2026-05-03")
    plan(ann, "2026-05-11")
    plan(ann, "2026-05-07", is_completed=True)
    plan(ben, "2026-05-06")
    items = grid(ann, "?start_date=2026-05-04")
    assert items.pop("2026-05-06") == [
        {**event, "kind": "plan", "source_id": event["id"], "occurrence_date": "2026-05-06"}
    ]
    assert not any(items.values())


@pytest.mark.contract("planner §6.3", "planner §0")
def test_sessions_stand_among_the_items_in_order(ann: User, ben: User, publisher: Publisher) -> None:
    course_id = publisher.course(ann)
    note_id = publisher.note(ann, course_id=course_id)
    noon = {"note_id": note_id, "started_at": "2026-05-06T12:00:00Z"}
    session = ann.post("note-sessions/", noon).json()
    early = ann.post("note-sessions/", {"note_id": note_id, "started_at": "2026-05-06T00:00:00Z"}).json()
    ann.post("note-sessions/", {"note_id": note_id, "started_at": "2026-05-11T00:00:00Z"})
    ann.post("note-sessions/", {"note_id": note_id, "started_at": "2026-05-03T23:59:59.999999Z"})
    event = plan(ann, "2026-05-06")
    late = plan(ann, "2026-05-06", starts_at="2026-05-06T23:00:00Z")
    items = grid(ann, "?start_date=2026-05-04")
    assert [(item["kind"], item["id"]) for item in items["2026-05-06"]] == [
        ("note_session", early["id"]),
        ("plan", event["id"]),
        ("note_session", session["id"]),
        ("plan", late["id"]),
    ]
    assert items["2026-05-06"][2] == session
    assert session["course_id"] == course_id
    assert sum(len(events) for events in items.values()) == 4
    assert not any(grid(ben, "?start_date=2026-05-04").values())


@pytest.mark.contract("planner §6.4", "planner §6.2", "planner §11", "planner §12.2")
def test_deadlines_are_open_events_by_urgency(ann: User, ben: User, today: date, tomorrow: date) -> None:
    soon = plan(ann, tomorrow, title="Soon", difficulty_weight=1, starts_at=f"{tomorrow}T23:00:00Z")
    heavy = plan(ann, today + timedelta(days=10), title="Heavy", difficulty_weight=500)
    passed = plan(ann, today, title="Passed", difficulty_weight=2, starts_at=f"{today}T00:00:00Z")
    twin_b = plan(ann, today + timedelta(days=100), title="Twin B")
    twin_a = plan(ann, today + timedelta(days=100), title="Twin A")
    plan(ann, today - timedelta(days=1), title="Overdue")
    plan(ann, tomorrow, title="Done", is_completed=True)
    plan(ben, tomorrow)
    deadlines = week(ann, "?start_date=2020-01-01")["deadlines"]
    assert [item["id"] for item in deadlines] == [event["id"] for event in (passed, heavy, soon, twin_a, twin_b)]
    assert deadlines[0] == {**passed, "urgency_score": 120.0}
    left = datetime.fromisoformat(soon["starts_at"]) - datetime.now(UTC)
    assert deadlines[2]["urgency_score"] == pytest.approx(1 / (left / timedelta(hours=1)), abs=0.001)
    scores = [item["urgency_score"] for item in deadlines]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.contract("planner §12.2", "apps §7", "decision 31")
def test_completed_events_of_the_window_end_the_deadlines(ann: User, ben: User, today: date, tomorrow: date) -> None:
    weeks_ago = today - timedelta(days=21)
    light = plan(ann, today + timedelta(days=300), title="Open")
    done = [
        plan(ann, weeks_ago + timedelta(days=day), title=title, is_completed=True, difficulty_weight=9)
        for day, title in ((1, "B"), (1, "A"), (0, "C"), (6, "D"))
    ]
    plan(ann, weeks_ago - timedelta(days=1), title="Before", is_completed=True)
    plan(ann, weeks_ago + timedelta(days=7), title="After", is_completed=True)
    plan(ben, weeks_ago, title="Not mine", is_completed=True)
    shown = week(ann, f"?start_date={weeks_ago}")
    assert [item["title"] for item in shown["deadlines"]] == ["Open", "C", "A", "B", "D"]
    assert [item["is_completed"] for item in shown["deadlines"]] == [False, True, True, True, True]
    assert shown["deadlines"][0]["id"] == light["id"]
    assert shown["deadlines"][1] == {**done[2], "urgency_score": 0.0}
    assert not any(day["events"] for day in shown["days"])
    assert [item["title"] for item in week(ann, f"?start_date={weeks_ago}&days=3")["deadlines"]] == [
        "Open",
        "C",
        "A",
        "B",
    ]


@pytest.mark.contract("planner §12.2", "apps §7")
def test_at_most_forty_completed_events_are_listed(ann: User, tomorrow: date) -> None:
    for number in range(42):
        plan(ann, tomorrow, title=f"Done {number:02}", is_completed=True)
    assert [item["title"] for item in week(ann)["deadlines"]] == [f"Done {number:02}" for number in range(40)]


@pytest.mark.contract("planner §6.4")
def test_feeds_and_sessions_are_no_deadlines(ann: User, tomorrow: date, publisher: Publisher) -> None:
    create_feed(ann, raw_ical=SEMINAR.replace("20260505", f"{tomorrow:%Y%m%d}"))
    begin_session(ann, publisher.note(ann), started_at=f"{tomorrow}T10:00:00Z")
    body = week(ann)
    assert {item["kind"] for day in body["days"] for item in day["events"]} == {"calendar", "note_session"}
    assert body["deadlines"] == []


@pytest.mark.contract("planner §10", "planner §2.5", "planner §6.4", "planner §12.2")
def test_the_requests_of_the_planner_app_work(ann: User, ben: User, tomorrow: date) -> None:
    for path in ("courses/", "activity/", "notes/", "planner-events/", "calendar-feeds/"):
        assert ann.get(path).status_code == 200
    assert ann.get("notes/deleted/").status_code == 200
    created = plan(ann, tomorrow, title="Hand in", course_id=ann.get("courses/").json()[0]["id"])
    assert week(ann)["deadlines"][0]["id"] == created["id"]
    assert [item["id"] for item in grid(ann)[str(tomorrow)]] == [created["id"]]
    toggle = {"is_completed": True, "completed_at": f"{tomorrow}T10:00:00.000Z"}
    assert change_event(ann, created, **toggle)["completed_at"] == f"{tomorrow}T10:00:00+00:00"
    assert (grid(ann)[str(tomorrow)], ann.get("planner-events/").json()) == ([], [])
    assert [(item["id"], item["is_completed"]) for item in week(ann)["deadlines"]] == [(created["id"], True)]
    change_event(ann, created, is_completed=False, completed_at=None)
    assert week(ann)["deadlines"][0]["completed_at"] is None
    # A course that was made on the device and not published yet.
    answer = ann.post("planner-events/", {"title": "x", "event_date": str(tomorrow), "course_id": -1714})
    assert answer.status_code == 404


@pytest.mark.contract("planner §6.4", "planner §12.1")
def test_deadlines_are_cut_at_forty_and_series_stand_beside(ann: User, tomorrow: date, tables: Tables) -> None:
    tables.rows(
        "INSERT INTO planner.planner_events (user_id, title, event_date, starts_at, ends_at, difficulty_weight, "
        "description, is_completed, recurrence_freq, recurrence_interval, revision, date_created, last_edit) "
        "SELECT %s, 'E' || n, d, d::timestamp AT TIME ZONE 'UTC', (d + 1)::timestamp AT TIME ZONE 'UTC', 1, '', false, "
        "'N', 1, 1, now(), now() FROM (SELECT n, %s::date + n AS d FROM generate_series(0, 44) n) AS rows",
        ann.id,
        tomorrow,
    )
    plan(ann, tomorrow, title="Series", recurrence_freq="W")
    titles = {item["title"] for item in week(ann)["deadlines"]}
    assert titles == {f"E{n}" for n in range(40)} | {"Series"}


@pytest.mark.contract("planner §12.1")
def test_occurrences_stand_in_the_grid(ann: User) -> None:
    event = plan(
        ann,
        "2026-01-31",
        starts_at="2026-01-31T22:00:00Z",
        ends_at="2026-02-01T01:00:00Z",
        recurrence_freq="M",
        recurrence_count=3,
    )
    items = grid(ann, "?start_date=2026-02-25")["2026-02-28"]
    assert items == [
        {
            **event,
            "event_date": "2026-02-28",
            "starts_at": "2026-02-28T22:00:00+00:00",
            "ends_at": "2026-03-01T01:00:00+00:00",
            "kind": "plan",
            "source_id": event["id"],
            "occurrence_date": "2026-02-28",
        }
    ]
    assert on_days(ann, "?start_date=2026-03-25") == ["2026-03-31"]
    assert on_days(ann, "?start_date=2026-04-25") == []
    assert ann.get("planner-events/").json() == [event]


@pytest.mark.contract("planner §12.1", "planner §1.1")
def test_a_weekly_series_has_interval_and_inclusive_end(ann: User) -> None:
    plan(ann, "2026-05-04", recurrence_freq="W", recurrence_interval=2, recurrence_end_date="2026-06-01")
    assert on_days(ann, "?start_date=2026-04-20&days=30") == ["2026-05-04", "2026-05-18"]
    assert on_days(ann, "?start_date=2026-05-19&days=30") == ["2026-06-01"]


@pytest.mark.contract("planner §12.1")
def test_a_yearly_series_clamps_leap_days(ann: User) -> None:
    plan(ann, "2024-02-29", recurrence_freq="Y")
    assert on_days(ann, "?start_date=2026-02-26") == ["2026-02-28"]
    assert on_days(ann, "?start_date=2028-02-26") == ["2028-02-29"]


@pytest.mark.contract("planner §12.1", "planner §1.1")
def test_a_series_stops_at_its_count(ann: User) -> None:
    plan(ann, "2026-05-04", recurrence_freq="W", recurrence_count=3)
    assert on_days(ann, "?start_date=2026-05-01&days=30") == ["2026-05-04", "2026-05-11", "2026-05-18"]
    plan(ann, "2020-08-31", recurrence_freq="M", recurrence_interval=3, recurrence_count=3)
    assert on_days(ann, "?start_date=2020-11-25") == ["2020-11-30"]
    assert on_days(ann, "?start_date=2021-02-25") == ["2021-02-28"]
    assert on_days(ann, "?start_date=2021-05-28") == on_days(ann, "?start_date=2020-09-28") == []


@pytest.mark.contract("planner §12.1")
def test_a_series_stops_after_four_thousand_steps(ann: User) -> None:
    plan(ann, "1900-01-01", recurrence_freq="W", recurrence_count=9999)
    last = date(1900, 1, 1) + timedelta(weeks=3999)
    assert on_days(ann, f"?start_date={last - timedelta(days=7)}&days=30") == [str(last - timedelta(days=7)), str(last)]


@pytest.mark.contract("planner §12.1")
def test_two_occurrences_stand_in_one_window(ann: User) -> None:
    event = plan(ann, "2026-05-04", recurrence_freq="W")
    items = [item for events in grid(ann, "?start_date=2026-05-04&days=30").values() for item in events]
    assert [item["occurrence_date"] for item in items] == [
        "2026-05-04",
        "2026-05-11",
        "2026-05-18",
        "2026-05-25",
        "2026-06-01",
    ]
    assert {item["id"] for item in items} == {event["id"]}
    ann.patch(f"planner-events/{event['id']}/", {"is_completed": True})
    assert on_days(ann, "?start_date=2026-05-04&days=30") == []


@pytest.mark.contract("planner §12.1")
def test_the_deadline_of_a_series_is_its_next_occurrence(ann: User, today: date) -> None:
    event = plan(ann, today - timedelta(days=6), recurrence_freq="W", difficulty_weight=2)
    plan(ann, today - timedelta(days=6), recurrence_freq="W", recurrence_count=1)
    plan(ann, today - timedelta(days=6), recurrence_freq="Y", recurrence_interval=2)
    day = today + timedelta(days=1)
    (deadline,) = week(ann)["deadlines"]
    assert deadline["urgency_score"] > 2 / 37
    assert {**deadline, "urgency_score": 0} == {
        **event,
        "event_date": day.isoformat(),
        "starts_at": f"{day}T12:00:00+00:00",
        "ends_at": f"{day}T13:00:00+00:00",
        "urgency_score": 0,
    }


class Counting:
    """A Reader that counts what is asked of it."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self.statements = reader, 0

    async def all(self, query: Prepared[Any], **params: Any) -> list[Any]:
        self.statements += 1
        return await self._reader.all(query, **params)

    async def one(self, query: Prepared[Any], **params: Any) -> Any:
        self.statements += 1
        return await self._reader.one(query, **params)

    async def value(self, query: Scalar[Any], **params: Any) -> Any:
        self.statements += 1
        return await self._reader.value(query, **params)


@pytest.mark.contract("planner §6")
def test_a_week_takes_five_statements_whatever_it_holds(ann: User, stack: Stack, publisher: Publisher) -> None:
    note_id = publisher.note(ann)
    for n in range(5):
        plan(ann, f"2026-05-0{n + 1}", recurrence_freq="NW"[n % 2])
        ann.post("note-sessions/", {"note_id": note_id, "started_at": f"2026-05-0{n + 1}T08:00:00Z"})

    async def count() -> tuple[int, int]:
        reader = Reader(stack.database_url("planner"), size=1, queue_seconds=5, application_name="test")
        await reader.open()
        counting = Counting(reader)
        days = Days(date(2026, 5, 1), 30)
        body = await service.week(counting, ann.id, days, datetime(2026, 5, 1, tzinfo=UTC))
        await reader.close()
        return counting.statements, sum(len(day["events"]) for day in body["days"])

    assert asyncio.run(count()) == (5, 17)
