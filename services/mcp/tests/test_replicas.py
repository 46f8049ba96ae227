"""Two replicas behind one gateway, without stickiness: any of them can answer any request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp_types import ElicitResult
from tests.support.client import eventually
from tests.support.gateway import another_gateway
from tests.support.mcp import Agent, another_mcp, with_sdk

from notechondria_launcher.stack import Stack


@dataclass
class Replicas:
    """The base URL of a gateway in front of two replicas, and the replicas' logs."""

    url: str
    logs: tuple[Path, Path]

    def requests(self) -> list[int]:
        """How many requests each replica has answered."""
        return [len(re.findall(r"POST +/mcp", log.read_text())) for log in self.logs]


@pytest.fixture(scope="module")
def gateway(stack: Stack) -> Iterator[Replicas]:
    """A second gateway that spreads `/mcp` over two processes."""
    with (
        another_mcp(stack) as second,
        another_gateway(stack, {"mcp": f"{stack.service_url('mcp')},{second}"}) as running,
    ):
        eventually(lambda: running.up("mcp") == 2, what="both replicas behind the gateway")
        logs = stack.log("mcp"), stack.log("mcp").with_name(f"mcp-{second.rpartition(':')[2]}.log")
        yield Replicas(running.url, logs)


@pytest.mark.contract("mcp §1")
def test_plain_clients(gateway: Replicas, agent: Agent) -> None:
    before = gateway.requests()
    with httpx.Client(trust_env=False) as http:

        def call(name: str, arguments: dict[str, Any]) -> Any:
            body = {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": name, "arguments": arguments},
            }
            headers = {"Authorization": f"Bearer {agent.key}", "Mcp-Session-Id": "mine"}
            answer = http.post(f"{gateway.url}/mcp/", json=body, headers=headers)
            assert (answer.status_code, answer.headers["mcp-session-id"]) == (200, "mine")
            return answer.json()["result"]["structuredContent"]

        for number in range(4):
            made = call("create_note", {"title": f"Round {number}"})
            assert call("get_note", {"note_id": made["id"]}) == made
            recent = call("list_recent_calls", {"tool": "create_note", "limit": 1})["calls"][0]
            assert recent["touched"] == {"note": [made["id"]]}
            assert call("undo_call", {"call_id": recent["id"]})["undone"] is True
    after = [number + 8 for number in before]
    eventually(lambda: gateway.requests() == after, what="16 requests, shared evenly")


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_the_sdks_client_is_asked_by_one_and_answers_another(gateway: Replicas, agent: Agent, mode: str) -> None:
    """The question's state goes through the client; each request is answered by the next replica."""
    asked: list[str] = []

    async def agree(_: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"confirm": True})

    async def talk(client: Client) -> None:
        for number in range(4):
            event = await client.call_tool("create_event", {"title": f"{number}", "event_date": "2031-01-01"})
            assert event.structured_content
            gone = await client.call_tool("delete_event", {"event_id": event.structured_content["id"]})
            assert not gone.is_error, gone

    with_sdk(f"{gateway.url}/mcp", agent.key, talk, mode=mode, elicitation_callback=agree)
    assert len(asked) == (4 if mode == "2026-07-28" else 0)
