"""A connection that asks for a part of the tools, or only for those that read (decision 60)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.client import Api
from tests.support.mcp import NewerAgent

SETS: dict[str, set[str]] = {
    "profile": {"get_profile", "update_profile"},
    "log": {"list_recent_calls", "undo_call", "undo_calls"},
}
SOME = {"notes": "edit_note", "courses": "reorder_courses", "planner": "list_events"}


def names(agent: NewerAgent, query: str = "", **headers: str) -> set[str]:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    sent = {"Authorization": f"Bearer {agent.key}", **headers}
    answer = agent.api.request("POST", f"/mcp{query}", json=body, headers=sent)
    assert answer.status_code == 200, answer.text
    return {tool["name"] for tool in answer.json()["result"]["tools"]}


def test_toolsets_narrow_the_list(newer: NewerAgent) -> None:
    everything = set(newer.tools())
    parts = [names(newer, **{"X-MCP-Toolsets": name}) for name in ("profile", "notes", "courses", "planner", "log")]
    assert set.union(*parts) == everything
    assert sum(map(len, parts)) == len(everything)
    for name, tools in SETS.items():
        assert names(newer, f"?toolsets={name}") == tools
    for name, tool in SOME.items():
        assert tool in names(newer, f"?toolsets={name}")
    assert names(newer, **{"X-MCP-Toolsets": "Notes, planner,"}) == parts[1] | parts[3]
    assert names(newer, "?toolsets=all") == everything
    # A plain client that names toolsets is a newer one; who names none has all there is for it.
    assert names(newer) < everything
    assert names(newer, "?toolsets=notes,log", **{"X-MCP-Toolsets": "log,planner"}) == SETS["log"]
    assert names(newer, "?toolsets=notes&toolsets=planner") == parts[1] | parts[3]
    assert names(newer, **{"X-MCP-Toolsets": ",", "MCP-Protocol-Version": "2025-11-25", "Accept": BOTH}) == everything
    for query in ("?toolsets=nots", "?toolsets=notes,secrets"):
        answer = newer.api.request(
            "POST", f"/mcp{query}", json={"jsonrpc": "2.0", "id": 1, "method": "ping"},
            headers={"Authorization": f"Bearer {newer.key}"},
        )  # fmt: skip
        assert (answer.status_code, list(answer.json())) == (400, ["detail"])
        assert "there are profile, notes, courses, planner, log, all" in answer.json()["detail"]


@pytest.mark.parametrize(
    "how",
    [
        {"query": "?readonly=1"},
        {"query": "?readonly"},
        {"query": "?readonly=0&readonly=yes"},
        {"X-MCP-Readonly": "true"},
        {"X-MCP-Readonly": "On"},
    ],
)
def test_read_only_connections_see_what_reads(newer: NewerAgent, how: dict[str, str]) -> None:
    reading = {name for name, tool in newer.tools().items() if tool["annotations"]["readOnlyHint"]}
    query = how.get("query", "")
    headers = {name: value for name, value in how.items() if name != "query"}
    assert names(newer, query, **{**headers, "MCP-Protocol-Version": "2025-11-25", "Accept": BOTH}) == reading


@pytest.mark.parametrize("how", [{"query": "?readonly=maybe"}, {"X-MCP-Readonly": "really"}])
def test_a_flag_that_is_neither_yes_nor_no_is_refused(newer: NewerAgent, how: dict[str, str]) -> None:
    answer = newer.api.request(
        "POST", f"/mcp{how.get('query', '')}", json={"jsonrpc": "2.0", "id": 1, "method": "ping"},
        headers={"Authorization": f"Bearer {newer.key}", "X-MCP-Readonly": how.get("X-MCP-Readonly", "")},
    )  # fmt: skip
    assert answer.status_code == 400
    assert "is neither true nor false" in answer.json()["detail"]


BOTH = "application/json, text/event-stream"


@pytest.mark.parametrize("headers", [{"X-MCP-Readonly": "1"}, {"X-MCP-Toolsets": "planner"}])
def test_what_is_not_in_the_list_is_not_called(api: Api, newer: NewerAgent, headers: dict[str, str]) -> None:
    before = newer("list_notes")["total"]
    params: dict[str, Any] = {"name": "create_note", "arguments": {"title": "Not made"}}
    for version in ({}, {"MCP-Protocol-Version": "2025-11-25", "Accept": BOTH}):
        sent = {"Authorization": f"Bearer {newer.key}", **headers, **version}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        result = api.request("POST", "/mcp", json=body, headers=sent).json()["result"]
        assert result["isError"] is True
        assert "NotOffered" in result["content"][0]["text"]
    assert newer("list_notes")["total"] == before
