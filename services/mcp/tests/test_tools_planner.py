"""Tools on activity, events, work sessions and feeds (mcp §5.4, §5.5, §5.7, §5.8)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.support.client import Api, eventually
from tests.support.mcp import Agent

EVENT = {
    "id",
    "title",
    "event_date",
    "starts_at",
    "ends_at",
    "difficulty_weight",
    "description",
    "course_id",
    "is_completed",
    "recurrence_freq",
    "recurrence_interval",
    "recurrence_end_date",
    "recurrence_count",
}
ICAL = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20310506T093000Z\r\n"
    "SUMMARY:Seminar\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def today() -> date:
    return datetime.now(UTC).date()


def event_row(agent: Agent, event_id: int) -> dict[str, Any]:
    row: dict[str, Any] = agent.user.get(f"planner-events/{event_id}/").json()
    return {key: value for key, value in row.items() if key != "id"}


@pytest.mark.contract("mcp §5.4")
def test_get_heatmap_is_the_heatmap_of_rest(agent: Agent) -> None:
    assert agent("get_heatmap") == agent.user.get("heatmap/").json()


@pytest.mark.contract("mcp §5.4")
def test_recent_notes_come_newest_first_and_limited(agent: Agent) -> None:
    made = [agent("create_note", title=f"Recent {number}")["id"] for number in range(11)]
    recent = agent("get_recent_activity")
    assert [note["id"] for note in recent["recent_notes"]] == list(reversed(made))[:10]
    assert [note["id"] for note in agent("get_activity")["notes"]] == list(reversed(made))[:10]
    assert [note["id"] for note in agent("get_activity", limit=3)["notes"]] == list(reversed(made))[:3]
    assert len(agent("get_activity", limit=500)["notes"]) >= 11
    assert len(agent("get_activity", limit=-1)["notes"]) == 1


@pytest.mark.contract("mcp §5.4")
def test_get_activity_week_is_the_week_of_rest(agent: Agent) -> None:
    agent("create_event", title="In the week", event_date=str(today() + timedelta(days=2)))
    week = agent("get_activity_week")
    assert week.keys() == {"start_date", "previous_week_start", "next_week_start", "days", "deadlines"}
    rest = agent.user.get("activity/week/").json()
    assert {**week, "deadlines": None} == {**rest, "deadlines": None}
    assert [row["id"] for row in week["deadlines"]] == [row["id"] for row in rest["deadlines"]]
    (item,) = [item for day in week["days"] for item in day["events"]]
    assert (item["kind"], item["title"]) == ("plan", "In the week")
    assert week["start_date"] == str(today())
    assert agent("get_activity_week", start_date="nonsense")["start_date"] == str(today())
    assert agent("get_activity_week", start_date="2030-02-01")["start_date"] == "2030-02-01"
    for days, length in ((3, 3), (30, 30), (7, 7), (5, 7), ("x", 7), ("3", 3), (None, 7)):
        assert len(agent("get_activity_week", days=days)["days"]) == length


@pytest.mark.contract("mcp §5.5", "mcp §4")
def test_create_event_leaves_the_rows_of_rest(agent: Agent) -> None:
    course = agent("create_course", title="For events")["id"]
    for body in (
        {"title": "Date only", "event_date": "2031-05-09"},
        {"title": "Window", "event_date": "2031-05-09", "starts_at": "2031-05-10T01:00:00Z"},
        {
            "title": "All of it",
            "event_date": "2031-05-09",
            "starts_at": "2031-05-09T23:30:00-05:00",
            "ends_at": "2031-05-10T09:00:00Z",
            "difficulty_weight": 3,
            "description": "d",
            "course_id": course,
            "recurrence_freq": "W",
            "recurrence_interval": 2,
            "recurrence_end_date": "2031-12-31",
            "recurrence_count": 5,
        },
    ):
        by_tool = agent("create_event", **body)
        by_rest = eventually(lambda: agent.user.post("planner-events/", body).json(), what="the event by REST")
        assert by_tool.keys() == EVENT
        assert event_row(agent, by_tool["id"]) == event_row(agent, by_rest["id"])
    only_date = agent("create_event", title="Noon", event_date="2031-06-01")
    assert (only_date["starts_at"], only_date["ends_at"]) == ("2031-06-01T12:00:00+00:00", "2031-06-01T13:00:00+00:00")


@pytest.mark.contract("mcp §5.5")
def test_events_take_lengths_and_numbers_at_the_limit(agent: Agent) -> None:
    body = {"title": "t" * 120, "event_date": "2031-05-09", "description": "d" * 255, "difficulty_weight": 4}
    made = agent("create_event", **body)
    assert {name: made[name] for name in body} == body
    assert agent("update_event", event_id=made["id"], course_id=None)["course_id"] is None
    for change in ({"title": "t" * 121}, {"description": "d" * 256}, {"difficulty_weight": 0}, {"title": " "}):
        assert next(iter(change)) in agent.fails("update_event", event_id=made["id"], **change)
    assert "NotFound" in agent.fails("update_event", event_id=made["id"], course_id=999_999_999)
    defaults = agent("create_event", title="Defaults", event_date="2031-05-09")
    names = ("difficulty_weight", "description", "course_id", "is_completed")
    recurrence = ("recurrence_freq", "recurrence_interval", "recurrence_end_date", "recurrence_count")
    assert [defaults[name] for name in names] == [1, "", None, False]
    assert [defaults[name] for name in recurrence] == ["N", 1, None, None]


@pytest.mark.contract("mcp §5.5")
@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"event_date": "2031-05-09"}, "title"),
        ({"title": "x"}, "event_date"),
        ({"title": "x", "event_date": "09/05/2031"}, "event_date"),
        ({"title": "x" * 121, "event_date": "2031-05-09"}, "title"),
        ({"title": "x", "event_date": "2031-05-09", "difficulty_weight": 0}, "difficulty_weight"),
        ({"title": "x", "event_date": "2031-05-09", "difficulty_weight": "heavy"}, "difficulty_weight"),
        ({"title": "x", "event_date": "2031-05-09", "starts_at": "12:00"}, "starts_at"),
        ({"title": "x", "event_date": "2031-05-09", "description": "d" * 256}, "description"),
        ({"title": "x", "event_date": "2031-05-09", "recurrence_freq": "D"}, "recurrence_freq"),
        ({"title": "x", "event_date": "2031-05-09", "course_id": 999_999_999}, "NotFound"),
    ],
)
def test_create_event_refuses_bad_arguments(agent: Agent, arguments: dict[str, Any], field: str) -> None:
    assert field in agent.fails("create_event", **arguments)


@pytest.mark.contract("mcp §5.5")
def test_update_event_changes_what_rest_changes(agent: Agent) -> None:
    event = agent("create_event", title="Move me", event_date="2031-05-09")
    by_rest = agent.user.post("planner-events/", {"title": "Move me", "event_date": "2031-05-09"}).json()
    for change in (
        {"starts_at": "2031-05-11T09:00:00Z"},
        {"event_date": "2031-05-20"},
        {"starts_at": None},
        {"title": "Moved", "difficulty_weight": 4, "description": "why"},
        {"recurrence_freq": "M", "recurrence_count": 3},
        {"recurrence_count": None},
    ):
        after = agent("update_event", event_id=event["id"], **change)
        assert agent.user.patch(f"planner-events/{by_rest['id']}/", change).status_code == 200
        assert event_row(agent, event["id"]) == event_row(agent, by_rest["id"])
        assert after.keys() == EVENT
    done = agent("update_event", event_id=event["id"], is_completed=True)
    assert done["is_completed"] is True
    assert agent.user.get(f"planner-events/{event['id']}/").json()["completed_at"] is not None
    assert event["id"] not in [row["id"] for row in agent("list_events")["events"]]
    assert event["id"] in [row["id"] for row in agent("list_events", include_completed=True)["events"]]
    stamped = agent.user.get(f"planner-events/{event['id']}/").json()["completed_at"]
    agent("update_event", event_id=event["id"], is_completed=True)
    assert agent.user.get(f"planner-events/{event['id']}/").json()["completed_at"] == stamped  # only if empty
    agent("update_event", event_id=event["id"], is_completed=False)
    assert agent.user.get(f"planner-events/{event['id']}/").json()["completed_at"] is None


@pytest.mark.contract("mcp §5.5", "mcp §6")
def test_list_events_is_ordered_and_limited(agent: Agent) -> None:
    for title, day in (("b", "2032-01-02"), ("a", "2032-01-02"), ("c", "2032-01-01")):
        agent("create_event", title=title, event_date=day)
    listed = agent("list_events", limit=200)["events"]
    assert listed == sorted(listed, key=lambda row: (row["event_date"], row["title"]))
    assert len(agent("list_events", limit=2)["events"]) == 2
    assert len(agent("list_events", limit=0)["events"]) == 1


@pytest.mark.contract("mcp §5.5")
def test_delete_event_is_final_and_own_events_only(agent: Agent, stranger: Agent) -> None:
    event = agent("create_event", title="Gone soon", event_date="2031-05-09")["id"]
    assert agent("delete_event", event_id=event) == {"deleted": True, "event_id": event}
    assert agent.user.get(f"planner-events/{event}/").status_code == 404
    foreign = stranger("create_event", title="Not yours", event_date="2031-05-09")["id"]
    for tool in ("update_event", "delete_event"):
        for event_id in (foreign, event, 999_999_999):
            assert "NotFound" in agent.fails(tool, event_id=event_id)
    assert stranger.user.get(f"planner-events/{foreign}/").status_code == 200


@pytest.mark.contract("mcp §5.7", "mcp §4", "mcp §6")
def test_work_sessions_are_begun_listed_and_ended(agent: Agent, stranger: Agent) -> None:
    note = agent("create_note", title="Worked on", description="d" * 300)
    running = agent("create_note_session", note_id=note["id"])
    assert running.keys() == {"id", "title", "kind", "note_id", "course_id", "summary", "starts_at", "ends_at"}
    assert (running["title"], running["summary"], running["kind"]) == ("Worked on", "d" * 255, "note_session")
    start, end = (datetime.fromisoformat(running[name]) for name in ("starts_at", "ends_at"))
    assert end - start == timedelta(minutes=15)
    assert abs(start - datetime.now(UTC)) < timedelta(minutes=1)
    ended = agent("end_note_session", session_id=running["id"], title="Better", summary="s" * 400)
    assert (ended["title"], ended["summary"]) == ("Better", "s" * 255)
    assert datetime.fromisoformat(ended["ends_at"]) < end
    second = agent("create_note_session", note_id=note["id"], title="Named", summary="x" * 999)
    listed = agent("list_note_sessions", note_id=note["id"])["sessions"]
    assert [row["id"] for row in listed] == [second["id"], running["id"]]
    assert len(agent("list_note_sessions", limit=1)["sessions"]) == 1
    foreign = stranger("create_note", title="Not yours", is_public=True)["id"]
    session = stranger("create_note_session", note_id=foreign)["id"]
    assert "NotFound" in agent.fails("create_note_session", note_id=foreign)
    assert "NotFound" in agent.fails("end_note_session", session_id=session)
    assert agent("list_note_sessions", note_id=foreign)["sessions"] == []
    agent("delete_note", note_id=note["id"])
    assert "NotFound" in agent.fails("create_note_session", note_id=note["id"])


@pytest.mark.contract("mcp §5.8")
@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://a.example/b.ics",
        "javascript:alert(1)",
        "http://",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/a.ics",
        "http://[::1]/a.ics",
        "webcal://a.example/b.ics",
        "  https://a.example/b.ics ",
        "",
    ],
)
def test_addresses_follow_the_rules_of_rest(agent: Agent, url: str) -> None:
    """[H]: what REST refuses is refused here, what it makes of an address is made here (planner §4, §5.2)."""
    body = {"title": "Address", "source_kind": "S", "source_url": url}
    rest = agent.user.post("calendar-feeds/", body)
    if rest.status_code == 201:
        made = agent("create_calendar_feed", **body)
        assert made["source_url"] == (rest.json()["source_url"] or "")
        agent("update_calendar_feed", feed_id=made["id"], source_url="https://b.example/c.ics")
        assert agent("update_calendar_feed", feed_id=made["id"], source_url=url)["source_url"] == made["source_url"]
        agent("delete_calendar_feed", feed_id=made["id"])
        agent("delete_calendar_feed", feed_id=rest.json()["id"])
    else:
        assert rest.status_code == 400
        assert "BadArgument: source_url: " in agent.fails("create_calendar_feed", **body)
        feed = agent("create_calendar_feed", title="Address", raw_ical=ICAL)["id"]
        assert "BadArgument: source_url: " in agent.fails("update_calendar_feed", feed_id=feed, source_url=url)
        agent("delete_calendar_feed", feed_id=feed)


@pytest.mark.contract("mcp §5.8", "mcp §4")
def test_feeds_are_listed_by_title_and_id(api: Api) -> None:
    agent = Agent(api, api.register())
    made = {title: agent("create_calendar_feed", title=title, raw_ical=ICAL)["id"] for title in ("b", "a", "c")}
    twin = agent("create_calendar_feed", title="a", raw_ical=ICAL)["id"]
    listed = [feed["id"] for feed in agent("list_calendar_feeds")["feeds"]]
    assert listed == [made["a"], twin, made["b"], made["c"]]
    assert "VCALENDAR" not in str(agent("list_calendar_feeds"))
    assert "NotFound" in agent.fails("update_calendar_feed", feed_id=twin, course_id=999_999_999)


@pytest.mark.contract("mcp §5.8", "mcp §4", "mcp §6")
def test_calendar_feeds_are_made_changed_and_deleted(agent: Agent, stranger: Agent) -> None:
    made = agent("create_calendar_feed", title="Pasted", raw_ical=ICAL)
    assert made.keys() == {"id", "title", "source_kind", "source_url", "is_enabled", "course_id", "last_sync"}
    assert (made["source_kind"], made["source_url"], made["is_enabled"]) == ("I", "", True)
    google = agent(
        "create_calendar_feed",
        title="Google",
        source_kind="S",
        source_url="https://calendar.google.com/calendar/embed?src=lab42%40group.calendar.google.com",
        is_enabled=False,
    )
    assert google["source_url"].endswith("/calendar/ical/lab42%40group.calendar.google.com/public/basic.ics")
    assert [feed["title"] for feed in agent("list_calendar_feeds")["feeds"]] == ["Google", "Pasted"]
    changed = agent("update_calendar_feed", feed_id=made["id"], title="Renamed", is_enabled=False)
    assert (changed["title"], changed["is_enabled"]) == ("Renamed", False)
    assert agent("update_calendar_feed", feed_id=google["id"], source_url="")["source_url"] == ""
    rest = {row["id"]: row for row in agent.user.get("calendar-feeds/").json()}
    assert rest[made["id"]]["title"] == "Renamed"
    for arguments, field in (
        ({}, "title"),
        ({"title": "x", "source_kind": "Z"}, "source_kind"),
        ({"title": "x", "source_kind": "S", "source_url": "file:///etc/passwd"}, "source_url"),
        ({"title": "x", "source_kind": "S", "source_url": "nonsense"}, "source_url"),
        ({"title": "x", "course_id": 999_999_999}, "NotFound"),
    ):
        assert field in agent.fails("create_calendar_feed", **arguments)
    foreign = stranger("create_calendar_feed", title="Not yours", raw_ical=ICAL)["id"]
    for tool in ("update_calendar_feed", "delete_calendar_feed"):
        for feed_id in (foreign, 999_999_999):
            assert "NotFound" in agent.fails(tool, feed_id=feed_id)
    assert agent("delete_calendar_feed", feed_id=made["id"]) == {"deleted": True, "feed_id": made["id"]}
    assert [feed["id"] for feed in agent("list_calendar_feeds")["feeds"]] == [google["id"]]
