"""The endpoint and its plain dispatcher (mcp §1 - §3)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.client import Api, User
from tests.support.mcp import call_tool, rpc

GOLDEN = Path(__file__).parent / "golden" / "tools.json"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
PATHS = pytest.mark.parametrize("path", ["/mcp", "/mcp/"])


@pytest.fixture(scope="module")
def user(api: Api) -> User:
    return api.register()


@pytest.fixture(scope="module")
def key(user: User) -> str:
    return user.rotate_key()


def golden_names() -> list[str]:
    return [tool["name"] for tool in json.loads(GOLDEN.read_text())["tools"]]


def post(api: Api, key: str, path: str = "/mcp/", **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", **options.pop("headers", {})}
    return api.request("POST", path, headers=headers, **options)


@PATHS
def test_1_methods(api: Api, key: str, path: str) -> None:
    assert post(api, key, path, json=PING).json() == {"jsonrpc": "2.0", "id": 1, "result": {}}
    for method, status in (("GET", 405), ("DELETE", 200), ("PUT", 405), ("PATCH", 405)):  # no key needed
        answer = api.request(method, path)
        assert (answer.status_code, list(answer.json())) == (status, ["detail"])


def test_1_session_id_is_echoed_or_made(api: Api, key: str) -> None:
    assert post(api, key, json=PING, headers={"Mcp-Session-Id": "mine"}).headers["mcp-session-id"] == "mine"
    made = [post(api, key, json=PING).headers["mcp-session-id"] for _ in range(2)]
    assert made[0] != made[1]
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in made)


def test_1_1_order_of_checks(api: Api, user: User, key: str) -> None:
    for header in (None, f"Token {user.token}", "Bearer other", f"bearer {key}", "Bearer ntc_" + "0" * 32):
        headers = {"Authorization": header} if header else {}
        answer = api.request("POST", "/mcp/", content=b"{", headers=headers)
        assert (answer.status_code, list(answer.json())) == (401, ["detail"])
        assert "mcp-session-id" not in answer.headers
    wrong_type = post(api, key, content=b"{", headers={"Content-Type": "text/plain"})
    assert (wrong_type.status_code, list(wrong_type.json())) == (415, ["detail"])
    for content, code, request_id in (
        (b"{", -32700, None),
        (b"[]", -32600, None),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', -32600, None),
        (b'{"id": 5, "method": "ping"}', -32600, 5),
        (b'{"jsonrpc": "1.0", "id": "a", "method": "ping"}', -32600, "a"),
    ):
        answer = post(api, key, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        body = answer.json()
        assert (body["jsonrpc"], body["id"], body["error"]["code"]) == ("2.0", request_id, code)
        assert "mcp-session-id" not in answer.headers


@pytest.mark.parametrize("request_id", [1, "text", None, [1], {"a": 1}, 1.5])
def test_2_any_id_is_copied_back(api: Api, key: str, request_id: Any) -> None:
    assert post(api, key, json={**PING, "id": request_id}).json()["id"] == request_id


def test_2_methods(api: Api, key: str) -> None:
    first = rpc(api, key, "initialize", {"protocolVersion": "1999-01-01"})["result"]
    assert first["protocolVersion"] == "2025-03-26"
    assert first["capabilities"] == {"tools": {"listChanged": False}}
    assert "instructions" in first
    assert first["serverInfo"] == {"name": "notechondria-mcp", "version": "0.1.0"}
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    silent = post(api, key, json=note)
    assert (silent.status_code, silent.content) == (204, b"")
    assert post(api, key, json={**note, "id": 4}).json() == {"jsonrpc": "2.0", "id": 4, "result": {}}
    for method in ("resources/list", "prompts/list", "nonsense"):
        assert rpc(api, key, method)["error"]["code"] == -32601
    for params in (None, {}):  # [H]: a null is as good as nothing
        assert "result" in post(api, key, json={**PING, "method": "tools/list", "params": params}).json()
        unnamed = post(api, key, json={**PING, "method": "tools/call", "params": params}).json()
        assert unnamed["error"]["code"] == -32601


def test_5_tools_list(api: Api, key: str) -> None:
    tools = rpc(api, key, "tools/list")["result"]["tools"]
    assert [tool["name"] for tool in tools] == golden_names()
    for tool in tools:
        assert tool["inputSchema"]["type"] == "object"
        assert isinstance(tool["inputSchema"]["required"], list)
        assert tool["description"]


def test_3_outcomes(api: Api, key: str) -> None:
    unknown = rpc(api, key, "tools/call", {"name": "nope"})
    assert unknown["error"]["code"] == -32601
    for name, arguments, words in (
        ("get_note", {}, "note_id"),
        ("get_note", {"note_id": "many"}, "note_id"),
        ("get_note", {"note_id": 999_999_999}, "NotFound"),
        ("create_note", {"title": ""}, "title"),
        ("create_note", {"title": "x" * 101}, "title"),
        ("create_note", {"title": "x", "course_id": 999_999_999}, "NotFound"),
        ("create_note", {"title": "x", "editor_mode": "M"}, "editor_mode"),
        ("create_note", {"title": "a\x00b"}, "title"),
    ):
        result = rpc(api, key, "tools/call", {"name": name, "arguments": arguments})["result"]
        assert result["isError"] is True, result
        text = result["content"][0]["text"]
        assert name in text
        assert words in text


def test_4_shapes(api: Api, user: User, key: str) -> None:
    made = call_tool(api, key, "create_note", {"title": "Shapes", "content": "# Shapes\n\nText", "description": "d"})
    rest = user.get(f"notes/{made['id']}/").json()
    assert made["title"] == rest["title"] == "Shapes"
    assert made["content"] == rest["content"]
    assert [block["text"] for block in made["blocks"]] == [block["text"] for block in rest["blocks"]]
    assert made["last_edit"].endswith("+00:00")
    assert isinstance(made["description"], str)
    page = call_tool(api, key, "list_notes", {"limit": 1000})
    assert page.keys() == {"total", "offset", "limit", "notes"}
    assert page["limit"] == 100
    event = user.post("planner-events/", {"title": "Quiz", "event_date": "2031-05-09"}).json()
    (brief,) = call_tool(api, key, "list_events", {})["events"]
    assert brief["starts_at"] == event["starts_at"] == "2031-05-09T12:00:00+00:00"
    assert "completed_at" not in brief
    user.patch(f"planner-events/{event['id']}/", {"is_completed": True})
    assert call_tool(api, key, "list_events", {})["events"] == []
    assert len(call_tool(api, key, "list_events", {"include_completed": True})["events"]) == 1


def test_a_service_that_is_down_is_named(api: Api, key: str, stack: Any) -> None:
    stack.stop_part("planner")
    try:
        result = rpc(api, key, "tools/call", {"name": "list_events", "arguments": {}})["result"]
    finally:
        stack.start_part("planner")
    assert result["isError"] is True
    text = result["content"][0]["text"]
    assert "planner" in text
    assert "nothing was changed" in text
