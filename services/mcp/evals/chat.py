"""A model behind a chat API of OpenAI's form, which works with the tools until it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass

import httpx
from pydantic import BaseModel, JsonValue
from services.mcp.evals.account import JsonObject
from services.mcp.evals.client import McpClient

ROUNDS = 20
SYSTEM = (
    "You work with a person's notes and plans through tools. Do what is asked and nothing else, and ask nothing back. "
    "End with one line `ANSWER: ` and the answer alone; for a task the answer is `done`."
)


class _Function(BaseModel):
    name: str
    arguments: str


class _ToolCall(BaseModel):
    id: str
    function: _Function


class _Message(BaseModel):
    content: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(BaseModel):
    message: _Message


class _Completion(BaseModel):
    choices: list[_Choice]


@dataclass(frozen=True, slots=True)
class ChatModel:
    """Where the model is, and which it is."""

    http: httpx.Client
    url: str
    """Of the API, up to `/chat/completions`."""
    key: str
    name: str

    def answer(self, question: str, mcp: McpClient) -> str:
        """The model's answer; empty when it came to none."""
        tools: list[JsonValue] = [_described(tool) for tool in mcp.tools()]
        messages: list[JsonValue] = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": question},
        ]
        for _ in range(ROUNDS):
            message = self._complete(messages, tools)
            calls = message.tool_calls or []
            messages.append(message.model_dump(exclude_none=True) | {"role": "assistant"} | _typed(calls))
            if not calls:
                return _last_line(message.content or "")
            messages += [{"role": "tool", "tool_call_id": call.id, "content": _called(call, mcp)} for call in calls]
        return ""

    def _complete(self, messages: list[JsonValue], tools: list[JsonValue]) -> _Message:
        body: JsonObject = {"model": self.name, "messages": messages, "tools": tools}
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        answer = self.http.post(f"{self.url.rstrip('/')}/chat/completions", json=body, headers=headers, timeout=300)
        answer.raise_for_status()
        return _Completion.model_validate(answer.json()).choices[0].message


def _described(tool: JsonObject) -> JsonValue:
    function: JsonObject = {
        "name": tool["name"],
        "description": tool["description"],
        "parameters": tool["inputSchema"],
    }
    return {"type": "function", "function": function}


def _typed(calls: list[_ToolCall]) -> JsonObject:
    if not calls:
        return {}
    return {"tool_calls": [{"type": "function", **call.model_dump()} for call in calls]}


def _called(call: _ToolCall, mcp: McpClient) -> str:
    try:
        arguments: JsonValue = json.loads(call.function.arguments or "{}")
    except ValueError as error:
        return f"The arguments are no JSON: {error}"
    if not isinstance(arguments, dict):
        return "The arguments must be one JSON object."
    return mcp.call(call.function.name, arguments).text


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if "ANSWER:" in line]
    return lines[-1].partition("ANSWER:")[2].strip() if lines else ""
