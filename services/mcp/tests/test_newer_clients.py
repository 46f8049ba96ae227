"""What newer clients get beyond the contract's plain one (decision 60): arguments, courses by title, ranked search."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from tests.support.client import Api
from tests.support.mcp import Agent, NewerAgent, rpc


def plain_of(newer: NewerAgent) -> Agent:
    """The same user's plain client."""
    agent = Agent.__new__(Agent)
    agent.api, agent.user, agent.key = newer.api, newer.user, newer.key
    return agent


@pytest.mark.contract("decision 60", "mcp §5")
def test_a_plain_client_sees_no_addition(api: Api, newer: NewerAgent) -> None:
    plain = {tool["name"]: tool for tool in rpc(api, newer.key, "tools/list")["result"]["tools"]}
    full = newer.tools()
    assert plain.keys() <= full.keys()
    for name, tool in plain.items():
        seen, shown = full[name]["inputSchema"]["properties"], tool["inputSchema"]["properties"]
        assert shown.keys() <= seen.keys()
        assert tool["inputSchema"]["required"] == full[name]["inputSchema"]["required"]
        assert tool["outputSchema"]["properties"].keys() <= full[name]["outputSchema"]["properties"].keys()
        assert "_meta" not in tool
    for tool in (*plain.values(), *full.values()):
        assert "x-added" not in str(tool)
    assert "limit" in full["search_notes"]["inputSchema"]["properties"]
    assert "limit" not in plain["search_notes"]["inputSchema"]["properties"]
    seen = newer.rpc("tools/list", None, **{"MCP-Protocol-Version": "2025-03-26"})["result"]["tools"]
    assert {tool["name"]: tool for tool in seen} == plain


@pytest.mark.contract("decision 60")
@pytest.mark.parametrize(
    ("tool", "arguments", "advice"),
    [
        ("create_event", {"title": "x", "event_date": "2031-01-01", "course": "Cell Biology"}, "course: there"),
        (
            "create_event",
            {"title": "x", "event_date": "2031-01-01", "course": "c"},
            "mean course_id (an id or the exact",
        ),
        (
            "create_event",
            {"title": "x", "date": "2031-01-01"},
            "date: there is no such argument; did you mean event_date?",
        ),
        ("create_note", {"title": "x", "body": "y"}, "did you mean content?"),
        (
            "update_note",
            {"id": 1, "contents": "y"},
            "did you mean note_id? contents: there is no such argument; did you mean",
        ),
        ("get_profile", {"zzz": 1}, "leave it out. get_profile takes: nothing"),
        ("list_notes", {"courseId": 3}, "did you mean course_id"),
        ("list_events", {"start_date": "2031-01-01"}, "start_date: there is no such argument; did you mean from_date?"),
        ("list_events", {"end": "2031-01-01"}, "did you mean to_date?"),
        ("edit_note", {"note_id": 1, "old_string": "a", "new_string": "b"}, "mean old_text? new_string: there is no"),
        ("append_to_note", {"note_id": 1, "text": "a", "section": "b"}, "did you mean heading?"),
        ("tick_task", {"note_id": 1, "task": "a", "checked": True}, "did you mean done?"),
        ("update_event", {"event_id": 1, "status": "done"}, "did you mean is_completed?"),
        ("create_calendar_feed", {"title": "F", "url": "https://x.example"}, "did you mean source_url?"),
    ],
)
def test_unknown_arguments_are_refused(newer: NewerAgent, tool: str, arguments: dict[str, Any], advice: str) -> None:
    before = (newer("list_notes")["total"], newer("list_events"))
    text = newer.fails(tool, **arguments)
    assert "BadArgument: " in text
    assert advice in text
    assert (newer("list_notes")["total"], newer("list_events")) == before


@pytest.mark.contract("decision 60", "mcp §5.3")
def test_courses_are_named_by_title(newer: NewerAgent, stranger: Agent) -> None:
    mark = secrets.token_hex(4)  # what titles of others are like is named, too
    course = newer("create_course", title=f"Cell {mark} Biology")["id"]
    other = newer("create_course", title=f"Celestial {mark} Mechanics")["id"]
    note = newer("create_note", title="Mitosis", course_id=f" cell  {mark} biology ")
    assert note["course_id"] == course
    event = newer("create_event", title="Exam", event_date="2031-05-09", course_id=f"Cell {mark} Biology")
    assert event["course_id"] == course
    assert newer("update_event", event_id=event["id"], course_id=None)["course_id"] is None
    assert newer("update_note", note_id=note["id"], course_id=f"Celestial {mark} Mechanics")["course_id"] == other
    assert [row["id"] for row in newer("list_course_notes", course_id=f"celestial {mark} mechanics")["notes"]] == [
        note["id"]
    ]
    assert newer("list_notes", course_id=str(other))["total"] == 1  # a number in a text is an id
    assert newer("reorder_courses", course_ids=[f"Celestial {mark} Mechanics", course])["reordered"] == [other, course]
    text = newer.fails("create_note", title="x", course_id=f"Cell {mark} Biologie")
    assert f"BadArgument: course_id: there is no course called 'Cell {mark} Biologie'; did you mean " in text
    assert f"'Cell {mark} Biology'" in text
    assert "list_courses" in newer.fails("get_course", course_id="Numismatics")
    twice = f"Twice {mark}"
    stranger("create_course", title=twice)
    theirs = stranger("list_courses")["courses"]
    ids = [row["id"] for row in theirs if row["title"] == twice]
    assert newer("get_course", course_id=twice)["id"] == ids[0]
    third = NewerAgent(newer.api, newer.api.register())
    third("create_course", title=twice)
    text = newer.fails("get_course", course_id=twice)
    assert f"2 courses are called '{twice}'; pass one of the ids" in text
    assert str(ids[0]) in text
    assert third("get_course", course_id=twice)["id"] != ids[0]  # one's own comes first


@pytest.mark.contract("decision 60", "mcp §5.2")
def test_a_search_without_a_hit_is_ranked(newer: NewerAgent) -> None:
    made = newer("create_note", title="Eigenvalues", content="# Eigenvalues\n\nOf a problem with matrices.")["id"]
    exact = newer("search_notes", query="eigenval")
    assert (exact["matched"], exact["count"], exact["total"], exact["offset"]) == ("text", 1, 1, 0)
    ranked = newer("search_notes", query="eigenvalue problem")
    assert ranked["matched"] == "ranked"
    assert made in [note["id"] for note in ranked["notes"]]
    assert ranked["count"] == len(ranked["notes"]) <= ranked["total"]
    page = newer("search_notes", query="eigenval", limit=1, offset=1)
    assert (page["matched"], page["total"], page["limit"], page["notes"]) == ("text", 1, 1, [])
    plain = plain_of(newer)
    assert plain("search_notes", query="eigenvalue problem") == {"query": "eigenvalue problem", "count": 0, "notes": []}
    asked = plain("search_notes", query="eigenvalue problem", limit=5)  # an argument that the contract does not have
    assert asked["matched"] == "ranked"


@pytest.mark.contract("decision 60")
@pytest.mark.parametrize(
    ("tool", "arguments", "step"),
    [
        ("get_note", {"note_id": 999_999_999}, "list_notes and search_notes give ids"),
        ("update_event", {"event_id": 999_999_999, "title": "x"}, "Ids of events: list_events."),
        ("get_course", {"course_id": 999_999_999}, "Ids and titles of courses: list_courses."),
        ("end_note_session", {"session_id": 999_999_999}, "Ids of work sessions: list_note_sessions."),
        ("create_event", {"title": "x"}, "Needed: event_date."),
        ("restore_note_version", {"note_id": 999_999_999, "version_id": 1}, "give ids"),
        ("create_notes", {}, "did you mean create_note"),
        ("mcp__notechondria__get_note", {}, "did you mean get_note?"),
        ("note-get", {}, "did you mean get_note?"),
        ("get_note", {"note_id": "Mitosis"}, "Ids of notes: search_notes, list_notes."),
        ("get_note", {"note_id": -1}, "Ids of notes: search_notes, list_notes."),
        ("get_note", {"note_id": 999_999_999}, "Notes in the recycle bin: list_deleted_notes."),
        ("delete_event", {"event_id": "x"}, "Ids of events: list_events."),
        ("move_notes", {"note_ids": ["x"], "course_id": None}, "Ids of notes: search_notes, list_notes"),
        ("create_note", {"title": "x", "course_id": ""}, "Ids and titles of courses: list_courses."),
        ("restore_deleted_note", {"note_id": 999_999_999}, "recycle bin. Notes in the recycle bin: list_deleted_notes"),
        ("undo_calls", {"first_call_id": 3, "last_call_id": 1}, "exchange them"),
        ("qqqq", {}, "tools/list has all"),
    ],
)
def test_an_error_says_what_to_do_next(newer: NewerAgent, tool: str, arguments: dict[str, Any], step: str) -> None:
    text = newer.fails(tool, **arguments)
    assert step in text
    assert text.endswith((".", "?"))


@pytest.mark.contract("decision 60")
def test_arguments_are_described_for_who_reads_them(newer: NewerAgent) -> None:
    start = newer.tools()["create_event"]["inputSchema"]["properties"]["starts_at"]
    assert start["examples"] == ["2026-05-06T14:00"]
    assert "own zone" in start["description"]
    tools = rpc(newer.api, newer.key, "tools/list")["result"]["tools"]
    (plain,) = [tool for tool in tools if tool["name"] == "create_event"]
    assert "no offset is UTC" in plain["inputSchema"]["properties"]["starts_at"]["description"]
    for tool in newer.tools().values():
        assert 40 <= len(tool["description"]) <= 300, tool["name"]


@pytest.mark.contract("decision 60")
@pytest.mark.parametrize(
    ("tool", "argument"),
    [("search_notes", "query"), ("list_notes", "query"), ("get_note_by_uuid", "uuid"), ("list_notes", "course_id")],
)
def test_what_is_longer_than_an_address_may_be_is_refused(newer: NewerAgent, tool: str, argument: str) -> None:
    assert "BadArgument" in newer.fails(tool, **{argument: "a" * 100_000})
