"""A client of MCP that has negotiated a newer revision: one POST per call, and what each answer was like."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx
from pydantic import JsonValue
from services.mcp.evals.account import JsonObject

REVISION = "2025-11-25"
ACCEPT = "application/json, text/event-stream"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call of a tool answered."""

    tool: str
    text: str
    content: JsonObject
    is_error: bool


@dataclass(slots=True)
class McpClient:
    """The tools of one account."""

    http: httpx.Client
    url: str
    key: str
    answers: list[Answer] = field(default_factory=list)
    """All answers, in order."""

    def tools(self) -> list[JsonObject]:
        """The list of tools."""
        listed = self._rpc("tools/list", {})["tools"]
        return [tool for tool in listed if isinstance(tool, dict)] if isinstance(listed, list) else []

    def call(self, tool: str, arguments: JsonObject) -> Answer:
        """Call a tool."""
        result = self._rpc("tools/call", {"name": tool, "arguments": arguments})
        content, parts = result.get("structuredContent"), result["content"]
        first = parts[0] if isinstance(parts, list) else None
        answer = Answer(
            tool,
            str(first["text"]) if isinstance(first, dict) else "",
            content if isinstance(content, dict) else {},
            bool(result.get("isError")),
        )
        self.answers.append(answer)
        return answer

    def rest(self, method: str, path: str, body: JsonObject | None = None) -> JsonValue:
        """A call of REST as the same person, which makes the account and looks at it."""
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = self.http.request(method, f"{self.url}/api/v1/{path}", json=body, headers=headers)
        answer.raise_for_status()
        value: JsonValue = answer.json() if answer.content else None
        return value

    def _rpc(self, method: str, params: JsonObject) -> JsonObject:
        headers = {"Authorization": f"Bearer {self.key}", "MCP-Protocol-Version": REVISION, "Accept": ACCEPT}
        body: JsonObject = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self.http.post(f"{self.url}/mcp", json=body, headers=headers)
        answer.raise_for_status()
        message = answer.json()
        if "result" not in message:
            # An unknown tool: the model reads why.
            return {"content": [{"type": "text", "text": str(message["error"])}], "isError": True}
        result: JsonObject = message["result"]
        return result
