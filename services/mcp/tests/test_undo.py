"""Taking calls back: created things go, deleted and changed ones come back, and 409 says why not."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from services.mcp.tests.test_same_rows import CALLS_OF_TOOLS, furnish
from tests.support.client import Api
from tests.support.mcp import Agent


def last_call(agent: Agent) -> dict[str, Any]:
    found: dict[str, Any] = agent.user.get("mcp/calls/", params={"changes_only": "1", "limit": 1}).json()["results"][0]
    return found


def undo(agent: Agent, call_id: int | None = None) -> httpx.Response:
    return agent.user.post(f"mcp/calls/{call_id or last_call(agent)['id']}/undo/")


def undone(agent: Agent) -> None:
    call = last_call(agent)
    assert call["can_undo"] is True, call
    answer = undo(agent, call["id"])
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"id": call["id"], "tool": call["tool"], "undone": True}


def refused(agent: Agent, call_id: int | None = None) -> str:
    answer = undo(agent, call_id)
    assert (answer.status_code, list(answer.json())) == (409, ["detail"])
    return str(answer.json()["detail"])


def state(agent: Agent, path: str, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    row: dict[str, Any] = agent.user.get(path).json()
    return {key: value for key, value in row.items() if key not in {"last_edit", "blocks", *without}}


DOCS = Path(__file__).parents[3] / "docs" / "mcp.md"


IN_OTHER_FILES = {
    "append_to_note",
    "edit_note",
    "tick_task",
    "move_notes",
    "set_note_fields",
    "restore_deleted_notes",
    "purge_notes",
    "undo_calls",
}
"""Tools that plain clients do not see; how they are taken back stands in the files that are about them."""


def test_every_writing_tool_is_taken_back_or_says_why_not(api: Api) -> None:
    """As the table in docs/mcp.md says, tool by tool."""
    rows = re.findall(r"^\| [^|]*\| `(\w+)` \| [^|]* \| ([^|]*) \|", DOCS.read_text(), re.MULTILINE)
    documented = {name: how for name, how in rows if how != "reads"}
    assert documented.keys() == CALLS_OF_TOOLS.keys() | {"undo_call"} | IN_OTHER_FILES
    agent = Agent(api, api.register())
    side = furnish(agent.user)
    for tool in CALLS_OF_TOOLS:
        agent(tool, **side.filled(CALLS_OF_TOOLS[tool][0][0]))
        call = last_call(agent)
        assert call["tool"] == tool
        assert call["can_undo"] is (documented[tool] != "no"), tool
        if call["can_undo"]:
            assert (undo(agent, call["id"]).status_code, call["undo_refusal"]) == (200, ""), tool
            assert last_call(agent)["undo_refusal"] == "It was taken back."
            assert "already" in refused(agent, call["id"])
        else:
            assert call["undo_refusal"]
            assert call["undo_refusal"] in refused(agent, call["id"])


def test_created_notes_go_to_the_bin(agent: Agent) -> None:
    note = agent("create_note", title="Undone")
    undone(agent)
    assert note["id"] in [row["id"] for row in agent("list_deleted_notes")["deleted_notes"]]
    changed = agent("create_note", title="Kept")
    call = last_call(agent)["id"]
    agent.user.patch(f"notes/{changed['id']}/", {"title": "By hand"})
    assert "changed since" in refused(agent, call)
    assert agent("get_note", note_id=changed["id"])["title"] == "By hand"


def test_changed_notes_come_back(agent: Agent) -> None:
    course = agent("create_course", title="Undo notes")["id"]
    note = agent("create_note", title="One", content="# One\n\ntext", description="d", course_id=course)
    before = state(agent, f"notes/{note['id']}/")
    agent("update_note", note_id=note["id"], title="Two", content="two", is_public=True, course_id=None)
    undone(agent)
    assert state(agent, f"notes/{note['id']}/") == before
    agent("update_note", note_id=note["id"], title="Three")
    agent.user.delete(f"notes/{note['id']}/")
    assert "no longer there" in refused(agent)


def test_deleted_notes_come_back_as_they_were(agent: Agent) -> None:
    note = agent("create_note", title="Public", is_public=True)
    agent("delete_note", note_id=note["id"])
    undone(agent)
    assert agent("get_note", note_id=note["id"])["is_public"] is True
    agent("delete_note", note_id=note["id"])
    call = last_call(agent)["id"]
    agent("empty_recycle_bin")
    assert "for good" in refused(agent)
    assert "no longer there" in refused(agent, call)


def test_versions_and_the_bin(agent: Agent) -> None:
    note = agent("create_note", title="V", content="new")["id"]
    version = agent("snapshot_note", note_id=note)["version_id"]
    assert "version" in refused(agent)
    agent("update_note", note_id=note, content="newer")
    agent("restore_note_version", note_id=note, version_id=version)
    undone(agent)
    assert agent("get_note", note_id=note)["content"] == "newer"
    agent("delete_note", note_id=note)
    agent("restore_deleted_note", note_id=note)
    undone(agent)
    assert note in [row["id"] for row in agent("list_deleted_notes")["deleted_notes"]]


def test_courses(agent: Agent) -> None:
    course = agent("create_course", title="Undo me", description="d", icon=1)["id"]
    undone(agent)
    assert agent.user.get(f"courses/{course}/").status_code == 404
    kept = agent("create_course", title="Filled")["id"]
    call = last_call(agent)["id"]
    agent("create_note", title="inside", course_id=kept)
    assert "changed since" in refused(agent, call)
    agent("update_course", course_id=kept, title="Renamed", icon=7)
    undone(agent)
    assert state(agent, f"courses/{kept}/")["title"] == "Filled"
    agent("delete_course", course_id=kept)
    assert "for good" in refused(agent)


def test_subscriptions_and_order(agent: Agent, stranger: Agent) -> None:
    course = stranger("create_course", title="Subscribed")["id"]
    agent("subscribe_course", course_id=course)
    undone(agent)
    assert state(agent, f"courses/{course}/")["is_subscribed"] is False
    agent("subscribe_course", course_id=course)
    agent("subscribe_course", course_id=course)
    assert "before the call" in refused(agent)
    agent("unsubscribe_course", course_id=course)
    undone(agent)
    assert state(agent, f"courses/{course}/")["is_subscribed"] is True
    ids = [agent("create_course", title=f"Sorted {name}")["id"] for name in "abc"]
    agent("reorder_courses", course_ids=ids)
    agent("reorder_courses", course_ids=list(reversed(ids)))
    undone(agent)
    listed = [row["id"] for row in agent("list_courses")["courses"] if row["id"] in ids]
    assert listed == ids


def test_events(agent: Agent) -> None:
    event = agent("create_event", title="E", event_date="2031-05-09")["id"]
    undone(agent)
    assert agent.user.get(f"planner-events/{event}/").status_code == 404
    body = {
        "title": "Full",
        "event_date": "2031-05-09",
        "starts_at": "2031-05-09T08:00:00Z",
        "ends_at": "2031-05-09T10:00:00Z",
        "difficulty_weight": 3,
        "recurrence_freq": "W",
        "recurrence_count": 4,
    }
    event = agent("create_event", **body)["id"]
    before = state(agent, f"planner-events/{event}/")
    agent("update_event", event_id=event, starts_at="2031-06-01T08:00:00Z", is_completed=True, recurrence_count=None)
    undone(agent)
    assert state(agent, f"planner-events/{event}/") == before
    agent("update_event", event_id=event, title="Again")
    agent.user.patch(f"planner-events/{event}/", {"title": "By hand"})
    assert "changed since (title)" in refused(agent)
    agent.user.patch(f"planner-events/{event}/", {"title": "Full"})
    agent("delete_event", event_id=event)
    undone(agent)
    (again,) = [row for row in agent("list_events")["events"] if row["title"] == "Full"]
    assert state(agent, f"planner-events/{again['id']}/", without=("id",)) == {
        key: value for key, value in before.items() if key != "id"
    }


def test_settings(agent: Agent) -> None:
    agent("update_profile", motto="before", first_name="A")
    agent("update_profile", motto="after")
    undone(agent)
    assert agent("get_profile")["motto"] == "before"
    agent("update_profile", motto="after")
    agent.user.patch("settings/", {"motto": "by hand"})
    assert "changed since (motto)" in refused(agent)


def test_feeds_and_sessions(agent: Agent) -> None:
    feed = agent("create_calendar_feed", title="F", source_kind="S", source_url="https://x.example/a.ics")["id"]
    agent("update_calendar_feed", feed_id=feed, title="G", is_enabled=False)
    undone(agent)
    (row,) = agent("list_calendar_feeds")["feeds"]
    assert (row["title"], row["is_enabled"]) == ("F", True)
    agent("delete_calendar_feed", feed_id=feed)
    undone(agent)
    (row,) = agent("list_calendar_feeds")["feeds"]
    assert (row["title"], row["source_url"]) == ("F", "https://x.example/a.ics")
    agent("update_calendar_feed", feed_id=row["id"], raw_ical="BEGIN:VCALENDAR\nEND:VCALENDAR")
    assert "not kept" in refused(agent)
    pasted = agent("create_calendar_feed", title="Pasted", raw_ical="BEGIN:VCALENDAR\nEND:VCALENDAR")["id"]
    agent.user.patch(f"calendar-feeds/{pasted}/", {"title": "By hand"})
    assert "changed since (title)" in refused(agent)
    agent("delete_calendar_feed", feed_id=pasted)
    assert "not kept" in refused(agent)
    note = agent("create_note", title="S")["id"]
    session = agent("create_note_session", note_id=note)["id"]
    assert "stays" in refused(agent)
    agent("end_note_session", session_id=session)
    assert refused(agent)


def test_what_failed_or_was_taken_back_stays_as_it_is(agent: Agent) -> None:
    agent.fails("create_note", title="")
    assert "failed" in refused(agent)
    agent("create_note", title="Twice")
    call = last_call(agent)["id"]
    assert undo(agent, call).status_code == 200
    assert "already" in refused(agent, call)
    assert undo(agent, 999_999_999).status_code == 404
    agent("list_notes")
    read = agent.user.get("mcp/calls/").json()["results"][0]
    assert "changed nothing" in refused(agent, read["id"])


def test_a_service_away_leaves_the_call_as_it_is(agent: Agent, stack: Any) -> None:
    event = agent("create_event", title="Later", event_date="2031-05-09")["id"]
    call = last_call(agent)["id"]
    stack.stop_part("planner")
    try:
        answer = undo(agent, call)
    finally:
        stack.start_part("planner")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert undo(agent, call).status_code == 200
    assert agent.user.get(f"planner-events/{event}/").status_code == 404


@pytest.mark.parametrize("times", [4])
def test_two_at_once_take_a_call_back_once(agent: Agent, times: int) -> None:
    agent("create_event", title="Raced", event_date="2031-05-09")
    agent("delete_event", event_id=agent("list_events", limit=200)["events"][-1]["id"])
    call = last_call(agent)["id"]
    with ThreadPoolExecutor(times) as pool:
        answers = list(pool.map(lambda _: undo(agent, call).status_code, range(times)))
    assert sorted(answers) == [200] + [409] * (times - 1)
