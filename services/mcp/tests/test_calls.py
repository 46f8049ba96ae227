"""The agents' log: what it keeps, who sees it, how it forgets."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
import pytest
from tests.support.client import Api, eventually
from tests.support.mcp import Agent, read_only_key, rpc

from mcp_service.calls.clipping import clipped
from notechondria_launcher.stack import Stack

ROW = {
    "id",
    "called_at",
    "tool",
    "is_change",
    "arguments",
    "outcome",
    "error",
    "duration_ms",
    "key_id",
    "program_id",
    "client",
    "client_name",
    "client_version",
    "summary",
    "touched",
    "can_undo",
    "undo_refusal",
    "undone_at",
}


def calls(agent: Agent, **query: Any) -> dict[str, Any]:
    answer = agent.user.get("mcp/calls/", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_every_call_is_kept(api: Api) -> None:
    agent = Agent(api, api.register())
    note = agent("create_note", title="Logged", content="x" * 1000)
    agent("list_notes", limit=5)
    agent.fails("get_note", note_id=999_999_999)
    agent.fails("create_note", title="\x00")
    page = calls(agent)
    assert page.keys() == {"results", "total", "offset", "limit", "has_more"}
    assert (page["total"], page["offset"], page["limit"], page["has_more"]) == (4, 0, 50, False)
    refused, missing, listed, created = page["results"]
    assert created.keys() == ROW
    assert (created["tool"], created["outcome"], created["is_change"]) == ("create_note", "ok", True)
    assert created["arguments"] == {"title": "Logged", "content": "x" * 300 + "… (1000 characters)"}
    assert created["touched"] == {"note": [note["id"]]}
    assert (created["can_undo"], created["undo_refusal"], created["undone_at"]) == (True, "", None)
    assert created["client"].startswith("python-httpx/")
    assert created["key_id"] is not None
    assert created["duration_ms"] >= 0
    assert created["called_at"].endswith("+00:00")
    assert (listed["tool"], listed["is_change"], listed["can_undo"]) == ("list_notes", False, False)
    assert (missing["outcome"], missing["error"][:9]) == ("error", "NotFound:")
    assert refused["arguments"] == {"title": "\ufffd"}


def test_filters_and_pages(api: Api) -> None:
    agent = Agent(api, api.register())
    for number in range(3):
        agent("create_event", title=f"e{number}", event_date="2031-01-01")
    agent("list_events")
    agent.fails("delete_event", event_id=999_999_999)
    assert calls(agent, tool="create_event")["total"] == 3
    assert calls(agent, outcome="error")["total"] == 1
    assert calls(agent, changes_only="1")["total"] == 4
    first = calls(agent, limit=2)
    assert (first["limit"], first["has_more"], len(first["results"])) == (2, True, 2)
    second = calls(agent, limit=2, offset=4)
    assert (second["has_more"], len(second["results"])) == (False, 1)
    key_id = first["results"][0]["key_id"]
    assert calls(agent, key_id=key_id)["total"] == 5
    assert calls(agent, key_id=key_id + 1)["total"] == 0
    oldest = calls(agent)["results"][-1]["called_at"]
    assert calls(agent, until=oldest)["total"] == 0
    assert calls(agent, since=oldest)["total"] == 5
    for query in ({"limit": "x"}, {"offset": "x"}, {"key_id": "x"}, {"outcome": "maybe"}, {"since": "yesterday"}):
        answer = agent.user.get("mcp/calls/", params=query)
        assert (answer.status_code, list(answer.json())) == (400, ["detail"])


def test_own_calls_only(api: Api, agent: Agent, stranger: Agent) -> None:
    stranger("create_note", title="Of the stranger")
    theirs = calls(stranger)["results"][0]["id"]
    assert theirs not in [row["id"] for row in calls(agent)["results"]]
    answer = agent.user.post(f"mcp/calls/{theirs}/undo/")
    assert (answer.status_code, list(answer.json())) == (404, ["detail"])
    assert "NotFound" in agent.fails("undo_call", call_id=theirs)
    assert api.get("mcp/calls/").status_code == 401
    assert api.post(f"mcp/calls/{theirs}/undo/").status_code == 401
    key = read_only_key(stranger.user)
    bearer = {"Authorization": f"Bearer {key}"}
    assert api.get("mcp/calls/", headers=bearer).status_code == 200
    assert api.post(f"mcp/calls/{theirs}/undo/", headers=bearer).status_code == 403


def test_tools_on_the_log(agent: Agent) -> None:
    note = agent("create_note", title="In the log")
    agent("get_note", note_id=note["id"])
    recent = agent("list_recent_calls", limit=1)
    (call,) = recent["calls"]
    assert call.keys() == {
        "id",
        "called_at",
        "tool",
        "outcome",
        "client",
        "arguments",
        "touched",
        "can_undo",
        "undone_at",
    }
    assert (call["tool"], call["touched"]) == ("create_note", {"note": [note["id"]]})
    assert agent("list_recent_calls", changes_only=False, limit=2)["calls"][1]["tool"] == "get_note"
    assert agent("undo_call", call_id=call["id"]) == {"undone": True, "call_id": call["id"], "tool": "create_note"}
    assert "NotFound" in agent.fails("get_note", note_id=note["id"])
    assert agent("list_recent_calls", tool="create_note", limit=1)["calls"][0]["undone_at"] is not None
    assert "Conflict" in agent.fails("undo_call", call_id=call["id"])


def test_a_client_is_named_by_itself(api: Api, agent: Agent) -> None:
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": "get_profile",
            "_meta": {"io.modelcontextprotocol/clientInfo": {"name": "desk\n", "version": "9"}},
        },
    }
    api.request("POST", "/mcp/", json=body, headers={"Authorization": f"Bearer {agent.key}"})
    assert calls(agent, tool="get_profile")["results"][0]["client"] == "desk? 9"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("a\x00b\ud800", "a\ufffdb\ufffd"),
        ("x" * 301, "x" * 300 + "… (301 characters)"),
        (list(range(100)), list(range(50))),
        ({"a": {"b": {"c": {"d": {"e": 1}}}}}, {"a": {"b": {"c": {"d": "…"}}}}),
        (float("nan"), "…"),
        (10**40, "…"),
        ([True, None, 1, 1.5], [True, None, 1, 1.5]),
    ],
)
def test_arguments_are_made_fit_for_the_log(value: Any, kept: Any) -> None:
    assert clipped(value) == kept


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://me:word@h.example/a", "https://***@h.example/a"),
        ("https:////me:word@h.example/a", "https:////***@h.example/a"),
        ("https://me:word@word@h.example/a", "https://***@h.example/a"),
        ("https://me:w/word@h.example/a", "https://***@h.example/a"),
        ("https://me:w#word@h.example/a", "https://***@h.example/a"),
        ("https://me:w word@h.example/a", "https://***@h.example/a"),
        ("https:\\\\me:word@h.example/a", "https:\\\\***@h.example/a"),
        ("me:word@h.example/a", "me:***@h.example/a"),
        (f"https://{'word' * 100}:word@h.example/a", "https://***@h.example/a"),
        ("https://h.example:81/me@word.example", "https://h.example:81/me@word.example"),
        (7, 7),
    ],
)
def test_the_log_has_no_password_of_an_address(address: str | int, kept: str | int) -> None:
    assert clipped({"source_url": address}) == {"source_url": kept}


def test_the_log_has_no_password_of_an_address_in_a_text() -> None:
    assert clipped("at https://me:w@rd@h.example/a b@c") == "at https://***@h.example/a b@c"
    assert "w@rd" not in str(clipped(f"at https://me:{'w@rd' * 100}@h.example/a b@c"))


def test_old_calls_go(api: Api, stack: Stack) -> None:
    agent = Agent(api, api.register())
    agent("create_note", title="Old")
    agent("create_note", title="Young")
    with psycopg.connect(stack.database_url("mcp")) as connection:
        for title, days in (("Old", 91), ("Young", 89)):
            connection.execute(
                "UPDATE mcp.calls SET called_at = now() - make_interval(days => %s) WHERE user_id = %s"
                " AND arguments->>'title' = %s",
                [days, agent.user.id, title],
            )
    stack.restart_part("mcp")
    eventually(lambda: calls(agent)["total"] == 1, what="the old call is gone")
    assert calls(agent)["results"][0]["arguments"] == {"title": "Young"}


def test_a_call_succeeds_while_the_log_cannot_be_written(api: Api, stack: Stack) -> None:
    agent = Agent(api, api.register())
    with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
        admin.execute("REVOKE INSERT ON mcp.calls FROM mcp")
        try:
            agent("create_note", title="Done all the same")
        finally:
            admin.execute("GRANT INSERT ON mcp.calls TO mcp")
    eventually(lambda: calls(agent)["total"] == 1, what="the call in the log")


def test_a_deleted_account_takes_its_calls_along(api: Api, stack: Stack) -> None:
    agent = Agent(api, api.register())
    agent("create_note", title="Mine")
    url = f"{stack.service_url('mcp')}/internal/users/{agent.user.id}/export"
    headers = stack.internal_header("mcp", "identity")
    assert httpx.get(url).status_code == 403
    export = httpx.get(url, headers=headers).json()
    assert (export["service"], export["files"]) == ("mcp", [])
    assert [row["tool"] for row in export["data"]["calls"]] == ["create_note"]
    delete_account(stack, agent.user.username)
    eventually(lambda: httpx.get(url, headers=headers).json()["data"]["calls"] == [], what="the calls are gone")
    assert rpc_status(api, agent.key) == 401


def rpc_status(api: Api, key: str) -> int:
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    return api.request("POST", "/mcp/", json=body, headers={"Authorization": f"Bearer {key}"}).status_code


def delete_account(stack: Stack, name: str) -> None:
    url = f"{stack.service_url('identity')}/internal/operators/users/{name}"
    answer = httpx.delete(url, headers=stack.internal_header("identity"))
    assert answer.is_success, answer.text


@pytest.mark.contract("mcp §3")
def test_the_log_holds_what_plain_clients_are_answered(api: Api, agent: Agent) -> None:
    before = calls(agent)["total"]
    assert rpc(api, agent.key, "tools/call", {"name": "nope"})["error"]["code"] == -32601
    assert calls(agent)["total"] == before
