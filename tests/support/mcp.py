"""A plain MCP client of the first generation (mcp §2): one POST, one answer."""

from __future__ import annotations

import json
from typing import Any

from tests.support.client import Api


def rpc(api: Api, key: str, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    """One JSON-RPC request; the whole answer."""
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params or {}}
    answer = api.request("POST", "/mcp/", json=body, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["id"] == 7
    return found


def call_tool(api: Api, key: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The result object of a tool that must succeed."""
    result = rpc(api, key, "tools/call", {"name": name, "arguments": arguments})["result"]
    text = result["content"][0]["text"]
    assert "isError" not in result, text
    found: dict[str, Any] = json.loads(text)
    return found
