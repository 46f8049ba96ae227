"""Limits per key, and the time a tool may take."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from tests.support.mcp import Agent, another_mcp, read_only_key

from mcp_service.door.caller import current_caller
from mcp_service.limits.bucket import TokenBuckets
from mcp_service.tools.guard import Guard
from mcp_service.tools.schemas import Shape
from mcp_service.tools.toolbox import Toolbox
from notechondria_local.stack import Stack
from notechondria_shared.auth import Caller

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def test_a_bucket_fills_evenly() -> None:
    moment = 0.0
    buckets = TokenBuckets(60, clock=lambda: moment)
    assert [buckets.take("a") for _ in range(61)] == [0] * 60 + [1]
    assert buckets.take("b") == 0
    moment = 1.0
    assert [buckets.take("a") for _ in range(2)] == [0, 1]
    moment = 1000.0
    assert [buckets.take("a") for _ in range(61)] == [0] * 60 + [1]
    slow = TokenBuckets(2, clock=lambda: moment)
    assert [slow.take("a") for _ in range(3)] == [0, 0, 30]
    assert [TokenBuckets(0).take("a") for _ in range(1000)] == [0] * 1000


def test_too_many_requests_are_429_with_retry_after(stack: Stack, agent: Agent) -> None:
    other = read_only_key(agent.user)
    with another_mcp(stack, MCP_RATE_PER_MINUTE="5") as url, httpx.Client(trust_env=False) as http:

        def ping(key: str) -> httpx.Response:
            return http.post(f"{url}/mcp", json=PING, headers={"Authorization": f"Bearer {key}"})

        assert [ping(agent.key).status_code for _ in range(6)] == [200] * 5 + [429]
        refused = ping(agent.key)
        assert list(refused.json()) == ["detail"]
        assert 1 <= int(refused.headers["retry-after"]) <= 12
        assert "mcp-session-id" not in refused.headers
        assert ping(other).status_code == 200  # another key of the same user has its own bucket
        assert ping("ntc_" + "0" * 32).status_code == 401


class Nothing(Shape):
    """Empty."""


class Kept:
    """Stands for the log's writer."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def later(self, entry: dict[str, Any]) -> None:
        self.entries.append(entry)

    async def store(self, entry: dict[str, Any]) -> None:
        self.entries.append(entry)


def box() -> Toolbox:
    made = Toolbox()

    @made.reading("Slow reading")
    async def slow_read() -> Nothing:
        await asyncio.sleep(5)
        return Nothing()

    @made.writing("Slow writing")
    async def slow_write() -> Nothing:
        await asyncio.sleep(5)
        return Nothing()

    @made.reading("Broken")
    async def broken() -> Nothing:
        message = "secret inner words"
        raise RuntimeError(message)

    return made


@pytest.mark.parametrize(
    ("number", "words"), [(0, "Timeout: no answer within"), (1, "look before you try again"), (2, "Internal: ")]
)
def test_a_tool_never_hangs_and_never_leaks(number: int, words: str) -> None:
    writer = Kept()
    guard = Guard(writer, seconds=0.05)  # type: ignore[arg-type]
    caller = Caller(1, "u", "", "P", False, False, ("read", "write"), "key", 2, "d", "a")

    async def run() -> None:
        token = current_caller.set(caller)
        try:
            await guard.run(box().tools[number], {}, Context())
        finally:
            current_caller.reset(token)

    with pytest.raises(ToolError, match=words) as failure:
        asyncio.run(run())
    assert "secret" not in str(failure.value)
    assert [entry["outcome"] for entry in writer.entries] == ["error"]
