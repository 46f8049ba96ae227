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
from tests.support.mcp import Agent, read_only_key, rpc, tool_error, with_sdk

GOLDEN = Path(__file__).parent / "golden" / "tools.json"
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


def test_5_the_list_is_the_golden_file(tools: list[dict[str, Any]]) -> None:
    """A difference is a decision: what agents read changes. UPDATE_GOLDEN=1 writes the file anew."""
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(json.dumps({"tools": tools}, indent=2, ensure_ascii=False) + "\n")
    assert {"tools": tools} == json.loads(GOLDEN.read_text())
    assert len(tools) == 41 + len(ON_TOP)


def test_5_every_generation_sees_the_same_list(api: Api, agent: Agent, tools: list[dict[str, Any]]) -> None:
    async def listed(client: Client) -> tuple[list[dict[str, Any]], int | None]:
        found = await client.list_tools()
        assert found.next_cursor is None
        return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in found.tools], found.ttl_ms

    for options in ({"mode": "legacy"}, {"mode": "2026-07-28"}):
        seen, ttl = with_sdk(api.url("/mcp"), agent.key, listed, **options)
        assert seen == tools
        if options["mode"] != "legacy":
            assert ttl
            assert ttl > 0


def test_5_the_list_is_small_and_complete(api: Api, agent: Agent, tools: list[dict[str, Any]]) -> None:
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


def test_3_unknown_arguments_are_ignored(agent: Agent) -> None:
    assert agent("list_notes", surprise=1, limit=1)["limit"] == 1


def test_the_documented_table_is_the_list(tools: list[dict[str, Any]]) -> None:
    rows = re.findall(r"^\| [^|]*\| `(\w+)` \| ([^|]*) \|", DOCS.read_text(), re.MULTILINE)
    documented = {name: {word.strip(" *") for word in arguments.split(",")} - {"–"} for name, arguments in rows}
    assert documented == {tool["name"]: set(tool["inputSchema"]["properties"]) for tool in tools}
