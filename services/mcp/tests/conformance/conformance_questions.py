"""Fixtures of the conformance suite that answer with questions: to the user, to the client's model, for its roots."""

from __future__ import annotations

import json
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Resolve, Sample
from mcp_types import (
    CallToolResult,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
    ListRootsRequest,
    ListRootsResult,
    SamplingMessage,
    TextContent,
)

Ctx = Context[Any, Any]


def mount(server: MCPServer[Any]) -> None:
    """Add them."""
    _questions(server)
    _stateful_questions(server)
    _capabilities(server)


def _text(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)])


def ask(message: str, field: str, kind: str = "string") -> ElicitRequest:
    schema = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def _sample(prompt: str, most: int) -> CreateMessageRequest:
    message = SamplingMessage(role="user", content=TextContent(text=prompt))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=most))


def _answer(ctx: Ctx, key: str, kind: type[Any]) -> Any:
    found = (ctx.input_responses or {}).get(key)
    return found if isinstance(found, kind) else None


def accepted(ctx: Ctx, key: str, field: str) -> Any:
    found = _answer(ctx, key, ElicitResult)
    return (found.content or {}).get(field) if found is not None and found.action == "accept" else None


async def _greeting() -> Sample:
    message = SamplingMessage(role="user", content=TextContent(text="Generate a greeting"))
    return Sample([message], max_tokens=50)


NAME = ask("What is your name?", "name")


def _questions(server: MCPServer[Any]) -> None:
    @server.tool()
    async def test_input_required_result_elicitation(ctx: Ctx) -> CallToolResult | InputRequiredResult:
        """One question to the user."""
        name = accepted(ctx, "user_name", "name")
        return InputRequiredResult(input_requests={"user_name": NAME}) if name is None else _text(f"Hello, {name}!")

    @server.tool()
    async def test_streaming_elicitation(ctx: Ctx) -> CallToolResult | InputRequiredResult:
        """One question, after progress."""
        await ctx.report_progress(1, 2)
        return InputRequiredResult(input_requests={"user_name": NAME})

    @server.tool()
    async def test_input_required_result_sampling(ctx: Ctx) -> CallToolResult | InputRequiredResult:
        """One question to the model."""
        answer = _answer(ctx, "capital_question", CreateMessageResult)
        if answer is None:
            return InputRequiredResult(
                input_requests={"capital_question": _sample("What is the capital of France?", 100)}
            )
        return _text(f"Answer: {getattr(answer.content, 'text', '')}")

    @server.tool()
    async def test_input_required_result_list_roots(ctx: Ctx) -> CallToolResult | InputRequiredResult:
        """The client's roots."""
        answer = _answer(ctx, "client_roots", ListRootsResult)
        if answer is None:
            return InputRequiredResult(input_requests={"client_roots": ListRootsRequest()})
        return _text("Roots: " + ", ".join(str(root.uri) for root in answer.roots))


def _stateful_questions(server: MCPServer[Any]) -> None:
    @server.tool()
    async def test_input_required_result_request_state(ctx: Ctx) -> CallToolResult | InputRequiredResult:
        """A question that carries state."""
        if ctx.request_state == "asked" and accepted(ctx, "confirm", "ok") is not None:
            return _text("state-ok")
        return InputRequiredResult(
            input_requests={"confirm": ask("Please confirm", "ok", "boolean")}, request_state="asked"
        )

    @server.tool()
    async def test_input_required_result_multiple_inputs(ctx: Ctx) -> CallToolResult | InputRequiredResult:
        """Three questions at once."""
        wanted = {"user_name": ElicitResult, "greeting": CreateMessageResult, "client_roots": ListRootsResult}
        if ctx.request_state == "three" and all(_answer(ctx, key, kind) for key, kind in wanted.items()):
            return _text("All three are there.")
        return InputRequiredResult(
            input_requests={
                "user_name": NAME,
                "greeting": _sample("Generate a greeting", 50),
                "client_roots": ListRootsRequest(),
            },
            request_state="three",
        )

    @server.tool()
    async def test_input_required_result_multi_round(ctx: Ctx) -> CallToolResult | InputRequiredResult:
        """Two questions, one after the other."""
        state = json.loads(ctx.request_state or "{}")
        name = state.get("name") or accepted(ctx, "step1", "name")
        if name is None:
            question = ask("Step 1: What is your name?", "name")
            return InputRequiredResult(input_requests={"step1": question}, request_state=json.dumps({"round": 1}))
        color = accepted(ctx, "step2", "color")
        if color is None:
            question = ask("Step 2: What is your favorite color?", "color")
            return InputRequiredResult(input_requests={"step2": question}, request_state=json.dumps({"name": name}))
        return _text(f"{name} likes {color}.")

    @server.tool()
    async def test_input_required_result_tampered_state(ctx: Ctx) -> CallToolResult | InputRequiredResult:
        """A question whose state must come back as it went."""
        if ctx.request_state is None:
            return InputRequiredResult(
                input_requests={"confirm": ask("Please confirm", "ok", "boolean")}, request_state="sealed"
            )
        return _text("The state is genuine.")


def _capabilities(server: MCPServer[Any]) -> None:
    @server.tool()
    async def test_input_required_result_capabilities(ctx: Ctx) -> CallToolResult | InputRequiredResult:
        """Only what the client can answer."""
        if ctx.input_responses:
            return _text("Answered.")
        declared = ctx.client_capabilities
        requests: dict[str, Any] = {}
        if declared and declared.elicitation is not None:
            requests["user_name"] = NAME
        if declared and declared.sampling is not None:
            requests["greeting"] = _sample("Generate a greeting", 50)
        if declared and declared.roots is not None:
            requests["client_roots"] = ListRootsRequest()
        return InputRequiredResult(input_requests=requests) if requests else _text("Nothing can be asked.")

    @server.tool()
    async def test_missing_capability(greeting: Annotated[CreateMessageResult, Resolve(_greeting)]) -> CallToolResult:
        """Needs a model that the client may not have."""
        return _text(f"Answer: {getattr(greeting.content, 'text', '')}")

    @server.tool()
    async def test_trigger_tool_change(ctx: Ctx) -> CallToolResult:
        """Says that the list of tools changed."""
        await ctx.notify_tools_changed()
        return _text("Told.")

    @server.tool()
    async def test_trigger_prompt_change(ctx: Ctx) -> CallToolResult:
        """Says that the list of prompts changed."""
        await ctx.notify_prompts_changed()
        return _text("Told.")
