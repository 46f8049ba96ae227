"""Limits per key, and the time a tool may take."""

from __future__ import annotations

import asyncio
import math
import time

import httpx
import psycopg
import pytest
from mcp.server.mcpserver.exceptions import ToolError
from tests.support.client import Api, eventually
from tests.support.mcp import Agent, another_mcp, read_only_key

from mcp_service.agent import Agent as CallingAgent
from mcp_service.agent import ClientName
from mcp_service.calls.writer import CallEntry
from mcp_service.tools.context import ToolCall
from mcp_service.tools.executor import ToolExecutor
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import ToolResult
from mcp_service.upstream.client import ServiceName, Services, Upstream
from mcp_service.upstream.json_client import HttpxCalls
from notechondria_launcher.stack import Stack
from notechondria_shared.auth import Caller

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def ping(url: str, key: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(f"{url}/mcp", json=PING, headers=headers, trust_env=False)


def test_too_many_requests_are_429_with_retry_after(stack: Stack, agent: Agent) -> None:
    other = read_only_key(agent.user)
    with another_mcp(stack, MCP_RATE_PER_MINUTE="5") as url:
        assert [ping(url, agent.key).status_code for _ in range(6)] == [200] * 5 + [429]
        refused = ping(url, agent.key)
        assert list(refused.json()) == ["detail"]
        assert 1 <= int(refused.headers["retry-after"]) <= 12
        assert "mcp-session-id" not in refused.headers
        assert ping(url, other).status_code == 200  # another key of the same user has its own bucket
        assert ping(url, "ntc_" + "0" * 32).status_code == 401


def test_the_limit_of_a_key_holds_over_all_replicas(api: Api, stack: Stack) -> None:
    """Alternating between two, it gets what one would give: a minute's worth, and what has come since."""
    key = api.register().rotate_key()
    limit = 60
    with (
        another_mcp(stack, MCP_RATE_PER_MINUTE=str(limit)) as one,
        another_mcp(stack, MCP_RATE_PER_MINUTE=str(limit)) as two,
    ):
        began = time.monotonic()
        answers = [[ping(url, key).status_code for url in (one, two)] for _ in range(limit)]
        seconds = time.monotonic() - began
        assert {status for pair in answers for status in pair} == {200, 429}
        served = sum(status == 200 for pair in answers for status in pair)
        assert limit <= served <= limit + math.ceil(seconds * limit / 60) + 1
        assert answers[0] == [200, 200]
        assert 429 in answers[-1]
        with psycopg.connect(stack.database_url("mcp")) as connection:
            # As if a minute had gone by; who was asked to wait waits as long as asked.
            connection.execute("UPDATE mcp.rate_buckets SET filled_at = filled_at - interval '1 minute'")
        eventually(lambda: ping(one, key).status_code == ping(two, key).status_code == 200, what="the bucket is full")


def test_without_its_table_each_replica_counts_for_itself(api: Api, stack: Stack) -> None:
    key = api.register().rotate_key()
    with another_mcp(stack, MCP_RATE_PER_MINUTE="40") as url:
        with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
            admin.execute("REVOKE INSERT, UPDATE ON mcp.rate_buckets FROM mcp")
            try:
                answers = [ping(url, key) for _ in range(3)]
            finally:
                admin.execute("GRANT INSERT, UPDATE ON mcp.rate_buckets TO mcp")
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 1 <= int(answers[2].headers["retry-after"]) <= 3
        eventually(lambda: [ping(url, key).status_code for _ in range(5)] == [200] * 5, what="the whole bucket")


def test_idle_buckets_go(api: Api, stack: Stack) -> None:
    key = api.register().rotate_key()
    with psycopg.connect(stack.database_url("mcp"), autocommit=True) as connection:
        with another_mcp(stack, MCP_RATE_PER_MINUTE="5") as url:
            assert ping(url, key).status_code == 200
        connection.execute("UPDATE mcp.rate_buckets SET filled_at = now() - interval '2 hours'")
        with another_mcp(stack, MCP_RATE_PER_MINUTE="5"):
            count = "SELECT count(*) FROM mcp.rate_buckets"
            eventually(lambda: connection.execute(count).fetchone() == (0,), what="the idle buckets are gone")


class Nothing(ToolResult):
    """Empty."""


class Kept:
    """Stands for the log's writer."""

    def __init__(self) -> None:
        self.entries: list[CallEntry] = []

    def later(self, entry: CallEntry) -> None:
        self.entries.append(entry)

    async def store(self, entry: CallEntry) -> None:
        self.entries.append(entry)


def registry() -> ToolRegistry:
    made = ToolRegistry()

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
    executor = ToolExecutor(writer, seconds=0.05)  # type: ignore[arg-type]
    caller = Caller(1, "u", "", "P", False, False, ("read", "write"), "key", 2, "d", {})

    async def run() -> None:
        async with httpx.AsyncClient() as http:
            names: tuple[ServiceName, ...] = ("identity", "notes", "planner")
            calls = HttpxCalls(http)
            services = Services(*(Upstream(calls, name, "http://nowhere.invalid") for name in names))
            agent = CallingAgent(caller, ClientName("tests", "1", "tests/1"), services.as_user(caller.assertions))
            await executor.run(registry().tools[number], {}, ToolCall(agent))

    with pytest.raises(ToolError, match=words) as failure:
        asyncio.run(run())
    assert "secret" not in str(failure.value)
    assert [entry["outcome"] for entry in writer.entries] == ["error"]
