"""Clients of MCP for tests: a plain one of the first generation (mcp §2), and the SDK's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from notechondria_launcher.stack import Stack
from tests.support.client import Api, User
from tests.support.replica import another

Result = TypeVar("Result")


def rpc(api: Api, key: str, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    """One JSON-RPC request; the whole answer."""
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params or {}}
    answer = api.request("POST", "/mcp/", json=body, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["id"] == 7
    return found


def call_tool(api: Api, key: str, name: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
    """The result object of a tool that must succeed; the text and the structured content must be the same."""
    result = rpc(api, key, "tools/call", {"name": name, "arguments": arguments or {}})["result"]
    text = result["content"][0]["text"]
    assert "isError" not in result, text
    found: dict[str, Any] = json.loads(text)
    assert result["structuredContent"] == found
    return found


def tool_error(api: Api, key: str, name: str, arguments: dict[str, Any] | None = None) -> str:
    """The text of a tool that must fail; it names the tool."""
    result = rpc(api, key, "tools/call", {"name": name, "arguments": arguments or {}})["result"]
    text = str(result["content"][0]["text"])
    assert result.get("isError") is True, text
    assert name in text
    return text


def read_only_key(user: User) -> str:
    """A named key that may only read."""
    answer = user.post("auth/api-keys/", {"name": "reader", "scopes": ["read"]})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["api_key"])


class Agent:
    """A user's agent: the plain client with the key at hand."""

    def __init__(self, api: Api, user: User) -> None:
        self.api, self.user, self.key = api, user, user.rotate_key()

    def __call__(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must succeed."""
        return call_tool(self.api, self.key, name, arguments)

    def fails(self, name: str, **arguments: Any) -> str:
        """Call a tool that must fail; the text."""
        return tool_error(self.api, self.key, name, arguments)


class NewerAgent(Agent):
    """A client that has negotiated 2025-11-25; what it gets, by one POST each."""

    def rpc(self, method: str, params: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        """One JSON-RPC request; the whole answer."""
        sent = {
            "Authorization": f"Bearer {self.key}",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2025-11-25",
            **headers,
        }
        body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params or {}}
        answer = self.api.request("POST", "/mcp", json=body, headers=sent)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def __call__(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must succeed."""
        result = self.rpc("tools/call", {"name": name, "arguments": arguments})["result"]
        text = result["content"][0]["text"]
        assert not result.get("isError"), text
        found: dict[str, Any] = json.loads(text)
        assert result["structuredContent"] == found
        return found

    def fails(self, name: str, **arguments: Any) -> str:
        """Call a tool that must fail; the text."""
        result = self.rpc("tools/call", {"name": name, "arguments": arguments})["result"]
        assert result["isError"] is True, result
        return str(result["content"][0]["text"])

    def tools(self, **headers: str) -> dict[str, dict[str, Any]]:
        """The list of tools, by name."""
        return {tool["name"]: tool for tool in self.rpc("tools/list", None, **headers)["result"]["tools"]}


def with_sdk(url: str, key: str, talk: Callable[[Client], Awaitable[Result]], **options: Any) -> Result:
    """Run `talk` with the SDK's client connected to `url`; `options` are the client's (e.g. `mode="legacy"`)."""

    async def run() -> Result:
        http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=30)
        async with http, Client(streamable_http_client(url, http_client=http), **options) as client:
            return await talk(client)

    return asyncio.run(run())


def another_mcp(stack: Stack, **environment: str) -> AbstractContextManager[str]:
    """A further process of the mcp service beside the stack's own; its base URL."""
    return another(stack, "mcp", **environment)
