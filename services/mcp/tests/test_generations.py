"""Three generations of clients on one endpoint, and how they are distinguished."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from tests.support.client import Api
from tests.support.mcp import Agent, rpc, with_sdk

BOTH = "application/json, text/event-stream"
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


def initialize(api: Api, agent: Agent, version: str, accept: str) -> dict[str, Any]:
    params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    headers = {"Authorization": f"Bearer {agent.key}", "Accept": accept}
    answer = api.request("POST", "/mcp/", json=body, headers=headers)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()["result"]
    return found


@pytest.mark.contract("mcp §2.1")
@pytest.mark.parametrize(
    ("version", "accept", "answered"),
    [
        ("2025-03-26", "application/json", "2025-03-26"),
        ("2025-11-25", "application/json", "2025-03-26"),  # a plain client, whatever it names (mcp §2)
        ("1999-01-01", BOTH, "2025-03-26"),
        ("2025-03-26", BOTH, "2025-03-26"),
        ("2025-06-18", BOTH, "2025-06-18"),
        ("2025-11-25", BOTH, "2025-11-25"),
    ],
)
def test_the_server_says_who_it_is(api: Api, agent: Agent, version: str, accept: str, answered: str) -> None:
    result = initialize(api, agent, version, accept)
    assert result["protocolVersion"] == answered
    assert result["serverInfo"]["name"] == "notechondria-mcp"
    plain = answered == "2025-03-26"
    assert (result["capabilities"].keys() == {"tools"}) is plain


@pytest.mark.contract("mcp §1", "mcp §3")
@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
@pytest.mark.parametrize("options", [{"mode": "legacy"}, {"mode": "2026-07-28"}, {"mode": "auto"}])
def test_the_sdks_client(api: Api, agent: Agent, path: str, options: dict[str, Any]) -> None:
    async def talk(client: Client) -> tuple[str, Any, Any, Any]:
        made = await client.call_tool("create_note", {"title": "By the SDK", "content": "Hello"})
        missing = await client.call_tool("get_note", {"note_id": 999_999_999})
        wrong = await client.call_tool("get_note", {"note_id": "many"})
        return client.protocol_version, made, missing, wrong

    version, made, missing, wrong = with_sdk(api.url(path), agent.key, talk, **options)
    assert version == ("2025-11-25" if options["mode"] == "legacy" else "2026-07-28")
    assert json.loads(made.content[0].text) == made.structured_content
    assert agent("get_note", note_id=made.structured_content["id"]).items() >= made.structured_content.items()
    assert missing.is_error
    assert "NotFound" in missing.content[0].text
    assert "note_id" in wrong.content[0].text


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_an_unknown_tool_is_an_error(api: Api, agent: Agent, mode: str) -> None:
    async def refused(client: Client) -> bool:
        try:
            return bool((await client.call_tool("nope", {})).is_error)
        except MCPError:
            return True

    assert with_sdk(api.url("/mcp"), agent.key, refused, mode=mode)


def modern(api: Api, agent: Agent, body: dict[str, Any], **headers: str) -> Any:
    sent = {
        "Authorization": f"Bearer {agent.key}",
        "Accept": BOTH,
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": body["method"],
        **headers,
    }
    return api.request("POST", "/mcp", json=body, headers=sent)


def test_the_2026_protocol_has_discovery_and_headers(api: Api, agent: Agent) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {"_meta": META}}
    answer = modern(api, agent, body)
    assert answer.status_code == 200
    assert "mcp-session-id" not in answer.headers
    found = answer.json()["result"]
    assert found["supportedVersions"] == ["2026-07-28"]
    assert {"tools", "resources", "prompts", "completions"} <= found["capabilities"].keys()
    assert "Notechondria" in found["instructions"]
    assert found["ttlMs"] > 0
    mismatch = modern(api, agent, body, **{"Mcp-Method": "tools/list"})
    assert (mismatch.status_code, mismatch.json()["error"]["code"]) == (400, -32020)
    unknown = modern(api, agent, body, **{"MCP-Protocol-Version": "2031-01-01"})
    assert unknown.status_code == 400
    nothing = modern(api, agent, {"jsonrpc": "2.0", "id": 2, "method": "nonsense", "params": {"_meta": META}})
    assert (nothing.status_code, nothing.json()["error"]["code"]) == (404, -32601)
    gone = modern(api, agent, {"jsonrpc": "2.0", "id": 2, "method": "ping", "params": {"_meta": META}})
    assert gone.status_code == 404


@pytest.mark.parametrize("method", ["tools/list", "prompts/list", "resources/list", "resources/templates/list"])
def test_lists_of_the_2026_protocol_may_be_cached(api: Api, agent: Agent, method: str) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"_meta": META}}
    found = modern(api, agent, body).json()["result"]
    assert found["ttlMs"] > 0
    assert found["cacheScope"] in {"public", "private"}
    assert modern(api, agent, body).json() == modern(api, agent, body).json()


@pytest.mark.contract("mcp §1.1")
def test_the_key_is_checked_first_for_everybody(api: Api) -> None:
    for headers in ({}, {"MCP-Protocol-Version": "2026-07-28"}, {"MCP-Protocol-Version": "2025-11-25"}):
        answer = api.request("POST", "/mcp", content=b"{", headers=headers)
        assert (answer.status_code, list(answer.json())) == (401, ["detail"])


@pytest.mark.contract("mcp §2")
def test_other_notifications_are_taken(api: Api, agent: Agent) -> None:
    headers = {"Authorization": f"Bearer {agent.key}"}
    body = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    answer = api.request("POST", "/mcp/", json=body, headers=headers)
    assert (answer.status_code, answer.content) == (202, b"")


@pytest.mark.contract("mcp §2.1")
def test_instructions_hold_the_users_own_text(api: Api) -> None:
    agent = Agent(api, api.register())
    manual = rpc(api, agent.key, "initialize")["result"]["instructions"]
    assert "## User skill.md" not in manual
    agent.user.patch("settings/", {"mcp_skill_md": "  Call me Mira.\n"})

    async def server_instructions(client: Client) -> str | None:
        return client.instructions

    own = "\n\n## User skill.md\n\nCall me Mira."
    assert rpc(api, agent.key, "initialize")["result"]["instructions"] == f"{manual}{own}"
    for mode in ("legacy", "auto"):
        text = with_sdk(api.url("/mcp"), agent.key, server_instructions, mode=mode) or ""
        assert text.startswith(manual)
        assert text.endswith(own)
        assert all(word in text for word in ("append_to_note", "24,000 characters", "get_profile says which zone"))


@pytest.mark.contract("mcp §2.1")
@pytest.mark.parametrize(
    "words",
    [
        "every tool works on the data of the user",
        "content blocks attachments versions recycle bin is_public integer id uuid",
        "course category",
        "event date starts_at ends_at iso weight one hour from noon",
        "work session",
        "calendar feed subscribed pasted google secret ical address",
        "heatmap",
        "capture search_notes create_note",
        "task title and date only",
        "weekly review",
        "is_completed do not delete",
        "reschedule",
        "list_note_versions restore_note_version restore_deleted_note",
        "empty_recycle_bin ask the user",
        "list first create only what is missing one call per",
    ],
)
def test_the_manual_names_every_topic(api: Api, agent: Agent, words: str) -> None:
    text = " ".join(rpc(api, agent.key, "initialize")["result"]["instructions"].lower().split())
    missing = [word for word in words.split() if word not in text]
    assert not missing


@pytest.mark.contract("mcp §2.1")
def test_the_manual_is_there_without_identity(api: Api, stack: Any) -> None:
    agent = Agent(api, api.register())
    agent("list_notes")  # the key is known from here on
    stack.stop_part("identity")
    try:
        text = rpc(api, agent.key, "initialize")["result"]["instructions"]
        failed = agent.fails("get_profile")
    finally:
        stack.start_part("identity")
    assert "Notechondria" in text
    assert "identity" in failed
    assert "nothing was changed" in failed


@pytest.mark.contract("mcp §1")
@pytest.mark.parametrize(("version", "echoed"), [("2025-03-26", True), ("2025-11-25", True), ("2026-07-28", False)])
def test_a_session_id_comes_back_where_there_are_sessions(api: Api, agent: Agent, version: str, echoed: bool) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": META}}
    headers = {"MCP-Protocol-Version": version, "Mcp-Session-Id": "mine"}
    answer = modern(api, agent, body, **headers)
    assert answer.status_code == 200
    assert (answer.headers.get("mcp-session-id") == "mine") is echoed
