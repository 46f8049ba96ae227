"""The endpoint and its plain dispatcher (mcp §1 - §3)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.client import Api, User, eventually
from tests.support.mcp import call_tool, rpc

from notechondria_launcher.stack import Stack

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


@pytest.mark.contract("mcp §1", "mcp §2")
@PATHS
def test_only_post_is_answered_by_the_protocol(api: Api, key: str, path: str) -> None:
    assert post(api, key, path, json=PING).json() == {"jsonrpc": "2.0", "id": 1, "result": {}}
    for method, status in (("GET", 405), ("DELETE", 200), ("PUT", 405), ("PATCH", 405), ("OPTIONS", 405)):
        for headers in ({}, {"Authorization": f"Bearer {key}"}, {"Authorization": "Bearer ntc_wrong"}):  # no key needed
            answer = api.request(method, path, headers=headers)
            assert (answer.status_code, list(answer.json())) == (status, ["detail"])
            assert isinstance(answer.json()["detail"], str)
            assert "mcp-session-id" not in answer.headers
    assert api.request("HEAD", path).status_code == 405


@pytest.mark.contract("mcp §1")
def test_session_id_is_echoed_or_made(api: Api, key: str) -> None:
    for sent in ("mine", "with blanks inside", "x" * 1000, "{}\"'<>"):  # never validated
        assert post(api, key, json=PING, headers={"Mcp-Session-Id": sent}).headers["mcp-session-id"] == sent
    made = [post(api, key, json=PING).headers["mcp-session-id"] for _ in range(2)]
    assert made[0] != made[1]
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in made)


@pytest.mark.contract("mcp §1", "mcp §1.1")
def test_every_answer_past_the_envelope_carries_a_session_id(api: Api, key: str) -> None:
    for body, status in (
        ({**PING, "method": "initialize"}, 200),
        ({**PING, "method": "tools/list"}, 200),
        ({**PING, "method": "nonsense"}, 200),
        ({**PING, "method": "tools/call", "params": {"name": "get_note"}}, 200),
        ({**PING, "method": "tools/call", "params": {"name": "nonsense"}}, 200),
        ({"jsonrpc": "2.0", "method": "notifications/initialized"}, 204),
        ({"jsonrpc": "2.0", "method": "notifications/cancelled"}, 202),
    ):
        answer = post(api, key, json=body)
        assert answer.status_code == status
        assert answer.headers["mcp-session-id"]
        if status == 200:
            assert answer.headers["content-type"].partition(";")[0] == "application/json"


@pytest.mark.contract("mcp §1")
def test_a_content_type_without_json_is_415(api: Api, key: str) -> None:
    content = json.dumps(PING).encode()
    for kind in ("application/json", "APPLICATION/JSON; charset=utf-8", "application/vnd.api+json", "text/json"):
        assert post(api, key, content=content, headers={"Content-Type": kind}).status_code == 200
    for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}):
        answer = post(api, key, content=content, headers=headers)
        assert (answer.status_code, list(answer.json())) == (415, ["detail"])
        assert "mcp-session-id" not in answer.headers


@pytest.mark.contract("mcp §1")
def test_no_cookies_and_no_csrf(api: Api, key: str) -> None:
    headers = {"Cookie": "csrftoken=x; sessionid=y"}
    answer = post(api, key, json=PING, headers=headers)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


@pytest.mark.contract("mcp §1.2", "mcp §7")
def test_a_rotated_key_is_refused_and_the_new_one_reaches_everything(api: Api) -> None:
    user = api.register()
    old = user.rotate_key()
    assert post(api, old, json=PING).status_code == 200
    answer = user.post("auth/rotate-api-key/").json()
    new = answer["api_key"]
    assert re.fullmatch(r"ntc_[0-9a-f]{32}", new)
    assert answer["api_key_prefix"] == new[:8]
    eventually(lambda: post(api, old, json=PING).status_code == 401, seconds=5, what="the old key is refused")
    assert post(api, new, json=PING).status_code == 200
    bearer = {"Authorization": f"Bearer {new}"}
    for path in ("settings/", "notes/", "planner-events/", "mcp/calls/"):
        assert api.get(path, headers=bearer).status_code == 200
    assert post(api, new.upper(), json=PING).status_code == 401
    assert post(api, f"{new}0", json=PING).status_code == 401


@pytest.mark.contract("mcp §1.2")
def test_a_disabled_account_is_refused(api: Api, stack: Stack) -> None:
    user = api.register()
    key = user.rotate_key()
    assert post(api, key, json=PING).status_code == 200
    url = f"{stack.service_url('identity')}/internal/operators/users/{user.username}"
    headers = stack.internal_header("identity")
    assert httpx.patch(url, json={"disabled": True}, headers=headers).is_success
    eventually(lambda: post(api, key, json=PING).status_code == 401, seconds=5, what="the account's key is refused")
    refused = post(api, key, json=PING)
    assert (list(refused.json()), "mcp-session-id" in refused.headers) == (["detail"], False)


@pytest.mark.contract("mcp §1.1", "mcp §1.2", "mcp §3")
def test_checks_are_made_in_the_order_of_the_contract(api: Api, user: User, key: str) -> None:
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
        (b'{"jsonrpc": 2.0, "id": [7], "method": "ping"}', -32600, [7]),
        (b'{"method": "ping"}', -32600, None),
        (b"5", -32600, None),
        (b"null", -32600, None),
        (b'"text"', -32600, None),
        (b"", -32700, None),
        (b"\xff{}", -32700, None),
        (b'{"jsonrpc": "2.0"', -32700, None),
        (b"[" * 100_000, -32700, None),
        (b'{"text": "' + b"x" * 4 * 1024 * 1024 + b'"}', -32700, None),
    ):
        answer = post(api, key, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        body = answer.json()
        assert body.keys() == {"jsonrpc", "id", "error"}
        assert body["error"].keys() == {"code", "message"}
        assert isinstance(body["error"]["message"], str)
        assert (body["jsonrpc"], body["id"], body["error"]["code"]) == ("2.0", request_id, code)
        assert "mcp-session-id" not in answer.headers


@pytest.mark.contract("mcp §2")
@pytest.mark.parametrize("request_id", [1, 0, -1, "text", "", None, [1], {"a": 1}, 1.5, True, 2**53])
def test_any_id_is_copied_back(api: Api, key: str, request_id: Any) -> None:
    assert post(api, key, json={**PING, "id": request_id}).json()["id"] == request_id


@pytest.mark.contract("mcp §2", "mcp §1.1", "mcp §2.1")
def test_methods_are_answered_by_plain_json_rpc(api: Api, key: str) -> None:
    first = rpc(api, key, "initialize", {"protocolVersion": "1999-01-01"})["result"]
    assert first["protocolVersion"] == "2025-03-26"
    assert first["capabilities"] == {"tools": {"listChanged": False}}
    assert "instructions" in first
    assert first["serverInfo"] == {"name": "notechondria-mcp", "version": "0.1.0"}
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    silent = post(api, key, json=note)
    assert (silent.status_code, silent.content) == (204, b"")
    assert post(api, key, json={**note, "id": 4}).json() == {"jsonrpc": "2.0", "id": 4, "result": {}}
    assert post(api, key, json={**note, "id": None}).status_code == 204
    assert post(api, key, json=PING).json()["result"] == {}
    for method in ("resources/list", "prompts/list", "nonsense", "", None, 5, ["ping"]):
        assert post(api, key, json={**PING, "method": method}).json()["error"]["code"] == -32601
    assert post(api, key, json={"jsonrpc": "2.0", "id": 1}).json()["error"]["code"] == -32601
    other = {"jsonrpc": "2.0", "method": "notifications/progress"}
    assert (post(api, key, json=other).status_code, post(api, key, json=other).content) == (202, b"")
    assert post(api, key, json={**other, "id": 5}).json()["error"]["code"] == -32601


@pytest.mark.contract("mcp §2")
def test_missing_and_null_params_count_as_none(api: Api, key: str) -> None:
    """[H]: a null is as good as nothing; nobody has to initialize before."""
    fresh = api.register().rotate_key()
    bodies: list[dict[str, object]] = [{}, {"params": None}, {"params": {}}]
    for left_out in bodies:
        assert "result" in post(api, fresh, json={**PING, "method": "tools/list", **left_out}).json()
        assert "result" in post(api, fresh, json={**PING, "method": "initialize", **left_out}).json()
        unnamed = post(api, fresh, json={**PING, "method": "tools/call", **left_out}).json()
        assert unnamed["error"]["code"] == -32601
    params: list[dict[str, object]] = [{}, {"arguments": None}, {"arguments": {}}]
    for arguments in params:
        body = {**PING, "method": "tools/call", "params": {"name": "list_events", **arguments}}
        assert post(api, fresh, json=body).json()["result"]["structuredContent"] == {"events": []}


@pytest.mark.contract("mcp §5", "mcp §2")
def test_tools_are_listed_with_schema_and_description(api: Api, key: str) -> None:
    tools = rpc(api, key, "tools/list")["result"]["tools"]
    assert [tool["name"] for tool in tools] == golden_names()
    for tool in tools:
        assert tool["inputSchema"]["type"] == "object"
        assert isinstance(tool["inputSchema"]["required"], list)
        assert tool["description"]


@pytest.mark.contract("mcp §3", "mcp §2")
def test_unknown_tools_are_errors_and_failed_calls_are_results(api: Api, key: str) -> None:
    calls: list[dict[str, object]] = [{"name": "nope"}, {"name": None}, {"name": 5}, {"arguments": {}}]
    for params in calls:
        unknown = rpc(api, key, "tools/call", params)
        assert unknown.keys() == {"jsonrpc", "id", "error"}
        assert unknown["error"]["code"] == -32601
    good = rpc(api, key, "tools/call", {"name": "get_profile", "arguments": {"surprise": 1}})["result"]
    assert good.keys() == {"content", "structuredContent"}  # no isError on success
    assert [part.keys() for part in good["content"]] == [{"type", "text"}]
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
        assert result.keys() == {"content", "isError"}
        assert [part.keys() for part in result["content"]] == [{"type", "text"}]
        text = result["content"][0]["text"]
        assert name in text
        assert words in text


@pytest.mark.contract("mcp §3")
def test_the_example_of_the_contract_works(api: Api, user: User, key: str) -> None:
    body = {
        "jsonrpc": "2.0",
        "id": 3,
        "method": "tools/call",
        "params": {"name": "create_event", "arguments": {"title": "Quiz 2", "event_date": "2026-05-09"}},
    }
    answer = post(api, key, json=body).json()
    made = json.loads(answer["result"]["content"][0]["text"])
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", 3)
    assert (made["title"], made["event_date"]) == ("Quiz 2", "2026-05-09")
    assert made["starts_at"] == "2026-05-09T12:00:00+00:00"
    assert user.delete(f"planner-events/{made['id']}/").status_code == 204


@pytest.mark.contract("mcp §4", "mcp §6")
def test_notes_courses_and_feeds_have_the_shapes_of_the_contract(api: Api, user: User, key: str) -> None:
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


@pytest.mark.contract("mcp §4")
def test_texts_are_never_null(api: Api, user: User, key: str) -> None:
    note = user.post("notes/", {"title": "Nulls", "content": "# One\n\nTwo\n\n- three"}).json()["id"]
    assert user.patch(f"notes/{note}/", {"description": None}).json()["description"] is None
    read = call_tool(api, key, "get_note", {"note_id": note})
    assert read["description"] == ""
    rest = user.get(f"notes/{note}/").json()["blocks"]
    assert [block["id"] for block in read["blocks"]] == [block["id"] for block in rest]
    assert len(rest) > 1
    assert all(isinstance(block[name], str) for block in read["blocks"] for name in ("block_type", "text", "args"))
    (listed,) = call_tool(api, key, "list_notes", {"query": "Nulls"})["notes"]
    assert listed["description"] == ""
    user.delete(f"notes/{note}/")
    (binned,) = call_tool(api, key, "list_deleted_notes")["deleted_notes"]
    assert binned["description"] == ""


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
