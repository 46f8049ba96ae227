"""The list of tools: what every client sees of it, and what becomes of wrong arguments (mcp §5)."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from tests.support.client import Api
from tests.support.mcp import Agent, NewerAgent, read_only_key, rpc, tool_error, with_sdk

GOLDEN = Path(__file__).parent / "golden" / "tools.json"
NEWER = GOLDEN.with_name("newer_tools.json")
MOST_BYTES = 40_000
DOCS = Path(__file__).parents[3] / "docs" / "mcp.md"
LIMIT = 40 * 1024
ON_TOP = {"list_recent_calls", "undo_call"}
READING = {
    "get_profile",
    "list_notes",
    "get_note",
    "search_notes",
    "get_note_by_uuid",
    "list_courses",
    "get_course",
    "list_course_notes",
    "get_heatmap",
    "get_recent_activity",
    "get_activity",
    "get_activity_week",
    "list_events",
    "list_note_versions",
    "list_attachments",
    "list_deleted_notes",
    "list_note_sessions",
    "list_calendar_feeds",
    "list_recent_calls",
}
ASKS_FIRST = {"empty_recycle_bin", "delete_event", "delete_course", "delete_attachment"}


@pytest.fixture(scope="module")
def tools(api: Api, agent: Agent) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = rpc(api, agent.key, "tools/list")["result"]["tools"]
    return listed


@pytest.mark.contract("mcp §5")
def test_the_list_is_the_golden_file(tools: list[dict[str, Any]]) -> None:
    """A difference is a decision: what agents read changes. UPDATE_GOLDEN=1 writes the file anew."""
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(json.dumps({"tools": tools}, indent=2, ensure_ascii=False) + "\n")
    assert {"tools": tools} == json.loads(GOLDEN.read_text())
    assert len(tools) == 41 + len(ON_TOP)


@pytest.mark.contract("decision 60", "mcp §2")
def test_newer_generations_see_one_list(api: Api, agent: Agent) -> None:
    """All there is, in a file of its own; the list of plain clients is the other one."""

    async def listed(client: Client) -> tuple[list[dict[str, Any]], int | None]:
        found = await client.list_tools()
        assert found.next_cursor is None
        return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in found.tools], found.ttl_ms

    seen, _ = with_sdk(api.url("/mcp"), agent.key, listed, mode="legacy")
    again, ttl = with_sdk(api.url("/mcp"), agent.key, listed, mode="2026-07-28")
    assert ttl
    assert ttl > 0
    assert seen == again
    if os.environ.get("UPDATE_GOLDEN") == "1":
        NEWER.write_text(json.dumps({"tools": seen}, indent=2, ensure_ascii=False) + "\n")
    assert {"tools": seen} == json.loads(NEWER.read_text())
    assert len(json.dumps({"tools": seen}, ensure_ascii=False, separators=(",", ":"))) < MOST_BYTES
    for tool in seen:
        assert tool["title"]
        assert tool["annotations"].keys() == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
        assert tool["outputSchema"]["type"] == "object"


@pytest.mark.contract("mcp §5")
def test_the_list_is_small_and_complete(api: Api, agent: Agent, tools: list[dict[str, Any]]) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    answers = [
        api.request("POST", "/mcp", json=body, headers={"Authorization": f"Bearer {agent.key}"}) for _ in range(2)
    ]
    assert answers[0].content == answers[1].content
    assert len(answers[0].content) <= LIMIT
    for tool in tools:
        assert tool["title"]
        assert tool["annotations"].keys() == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
        assert tool["outputSchema"]["type"] == "object"
        assert tool["annotations"]["readOnlyHint"] is (tool["name"] in READING)
        if tool["name"] in ASKS_FIRST:
            assert tool["annotations"]["destructiveHint"] is True
            assert "user" in tool["description"].lower()


def test_read_only_keys_see_and_call_only_what_reads(api: Api, agent: Agent, tools: list[dict[str, Any]]) -> None:
    key = read_only_key(agent.user)
    seen = rpc(api, key, "tools/list")["result"]["tools"]
    assert {tool["name"] for tool in seen} == READING
    before = agent("list_notes")["total"]
    for name in sorted({tool["name"] for tool in tools} - READING):
        assert "Forbidden" in tool_error(api, key, name, {"title": "x"})
    assert agent("list_notes")["total"] == before


ARGUMENTS = {
    "get_profile": "",
    "update_profile": "motto s, social_link s, editor_mode s G|B|P, first_name s, last_name s",
    "list_notes": "course_id i, query s, limit i, offset i",
    "get_note": "note_id! i",
    "create_note": "title! s, content s, description s, course_id i, is_public b, editor_mode s G|B|P",
    "update_note": "note_id! i, title s, content s, description s, is_public b, course_id i|null",
    "delete_note": "note_id! i",
    "search_notes": "query! s, scope s personal|all",
    "get_note_by_uuid": "uuid! s",
    "list_courses": "",
    "get_course": "course_id! i",
    "create_course": "title! s, description s, icon i|null",
    "update_course": "course_id! i, title s, description s, icon i|null",
    "delete_course": "course_id! i",
    "subscribe_course": "course_id! i",
    "unsubscribe_course": "course_id! i",
    "reorder_courses": "course_ids! a",
    "list_course_notes": "course_id! i",
    "get_heatmap": "",
    "get_recent_activity": "",
    "get_activity": "limit i 1..50",
    "get_activity_week": "start_date s, days i 3|7|30",
    "list_events": "include_completed b, limit i",
    "create_event": "title! s, event_date! s, starts_at s, ends_at s, difficulty_weight i, description s, course_id i,"
    " recurrence_freq s N|W|M|Y, recurrence_interval i, recurrence_end_date s|null, recurrence_count i|null",
    "update_event": "event_id! i, title s, event_date s, starts_at s|null, ends_at s|null, difficulty_weight i,"
    " description s, course_id i|null, is_completed b, recurrence_freq s N|W|M|Y, recurrence_interval i,"
    " recurrence_end_date s|null, recurrence_count i|null",
    "delete_event": "event_id! i",
    "list_note_versions": "note_id! i",
    "snapshot_note": "note_id! i, reason s",
    "restore_note_version": "note_id! i, version_id! i",
    "list_attachments": "note_id! i",
    "delete_attachment": "note_id! i, attachment_id! i",
    "list_deleted_notes": "",
    "restore_deleted_note": "note_id! i",
    "empty_recycle_bin": "",
    "list_note_sessions": "note_id i, limit i 1..200",
    "create_note_session": "note_id! i, title s, summary s",
    "end_note_session": "session_id! i, title s, summary s",
    "list_calendar_feeds": "",
    "create_calendar_feed": "title! s, source_kind s I|S, source_url s, raw_ical s, is_enabled b, course_id i|null",
    "update_calendar_feed": "feed_id! i, title s, source_kind s I|S, source_url s, raw_ical s, is_enabled b,"
    " course_id i|null",
    "delete_calendar_feed": "feed_id! i",
}
"""The argument columns of mcp §5.1 to §5.8, copied out: name, `!` when required, type, enum or range."""
DEFAULTS = {
    "list_notes": {"limit": 50, "offset": 0},
    "create_note": {"is_public": False},
    "search_notes": {"scope": "personal"},
    "get_activity": {"limit": 10},
    "get_activity_week": {"days": 7},
    "list_events": {"include_completed": False, "limit": 50},
    "create_event": {"difficulty_weight": 1, "recurrence_freq": "N", "recurrence_interval": 1},
    "snapshot_note": {"reason": "mcp"},
    "list_note_sessions": {"limit": 50},
    "create_calendar_feed": {"source_kind": "I", "is_enabled": True},
}


def noted(name: str, described: dict[str, Any], required: list[str]) -> str:
    """An argument of a schema in the notation of `ARGUMENTS`."""
    kinds = described["type"] if isinstance(described["type"], list) else [described["type"]]
    text = f"{name}{'!' if name in required else ''} " + "|".join(
        "null" if kind == "null" else kind[0] for kind in kinds
    )
    if "enum" in described:
        text += " " + "|".join(map(str, described["enum"]))
    if "minimum" in described:
        text += f" {described['minimum']}..{described['maximum']}"
    return text


@pytest.mark.contract("mcp §5")
def test_arguments_are_those_of_the_contract(tools: list[dict[str, Any]]) -> None:
    listed = {tool["name"]: tool["inputSchema"] for tool in tools if tool["name"] not in ON_TOP}
    assert len(ARGUMENTS) == 41
    for name, schema in listed.items():
        assert schema["type"] == "object"
        properties, required = schema["properties"], schema["required"]
        assert ", ".join(noted(key, properties[key], required) for key in properties) == ARGUMENTS[name]
        defaults = {key: part["default"] for key, part in properties.items() if "default" in part}
        assert defaults == DEFAULTS.get(name, {}), name
    assert listed.keys() == ARGUMENTS.keys()
    assert listed["update_profile"]["properties"]["motto"]["maxLength"] == 100
    assert listed["reorder_courses"]["properties"]["course_ids"]["items"] == {"type": "integer"}


@pytest.mark.contract("mcp §5", "mcp §5.6")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("create_event", "list events before|full date-time|bare clock time"),
        ("list_events", "list before you create"),
        ("create_note", "search first"),
        ("update_event", "is_completed|rather than deleting"),
        ("delete_event", "for good|is_completed"),
        ("empty_recycle_bin", "for good|confirmation"),
        ("create_calendar_feed", "secret ical address"),
        ("get_activity_week", "plan|note_session|calendar"),
    ],
)
def test_descriptions_say_what_an_agent_needs(tools: list[dict[str, Any]], name: str, words: str) -> None:
    (tool,) = [tool for tool in tools if tool["name"] == name]
    text = json.dumps(tool).lower()
    assert all(word in text for word in words.split("|")), text


@pytest.mark.contract("mcp §3")
def test_unknown_arguments_are_ignored(agent: Agent) -> None:
    assert agent("list_notes", surprise=1, limit=1)["limit"] == 1


def test_the_documented_table_is_the_list(newer: NewerAgent) -> None:
    rows = re.findall(r"^\| [^|]*\| `(\w+)` \| ([^|]*) \|", DOCS.read_text(), re.MULTILINE)
    documented = {name: {word.strip(" *") for word in arguments.split(",")} - {"–"} for name, arguments in rows}
    assert documented == {name: set(tool["inputSchema"]["properties"]) for name, tool in newer.tools().items()}
