"""What the conformance suite expects of a server under test: small tools, resources and prompts with fixed answers.

Mounted beside the product's own by `MCP_FIXTURES=conformance_fixtures:mount`; only tests set that.
"""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import zlib
from typing import Any

import conformance_questions
from conformance_questions import accepted, ask
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    AudioContent,
    CallToolResult,
    ElicitResult,
    EmbeddedResource,
    EmptyResult,
    ImageContent,
    InputRequiredResult,
    SamplingMessage,
    SetLevelRequestParams,
    SubscribeRequestParams,
    TextContent,
    TextResourceContents,
    UnsubscribeRequestParams,
)

Ctx = Context[Any, Any]


def _png() -> str:
    """One red pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff\x00\x00")
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


def _wav() -> str:
    """Eight silent samples."""
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    data = b"\x80" * 8
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return base64.b64encode(b"RIFF" + struct.pack("<I", len(body)) + body).decode()


PNG, WAV = _png(), _wav()


def _text(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)])


def _resource(uri: str, text: str, mime_type: str = "text/plain") -> EmbeddedResource:
    return EmbeddedResource(resource=TextResourceContents(uri=uri, mime_type=mime_type, text=text))


def mount(server: MCPServer[Any]) -> None:
    """Add everything."""
    _contents(server)
    _notifications(server)
    _elicitation(server)
    conformance_questions.mount(server)
    _resources(server)
    _prompts(server)
    _legacy_methods(server)


def _contents(server: MCPServer[Any]) -> None:
    @server.tool()
    async def test_simple_text() -> CallToolResult:
        """Plain text."""
        return _text("This is a simple text response for testing.")

    @server.tool()
    async def test_image_content() -> CallToolResult:
        """An image."""
        return CallToolResult(content=[ImageContent(data=PNG, mime_type="image/png")])

    @server.tool()
    async def test_audio_content() -> CallToolResult:
        """A sound."""
        return CallToolResult(content=[AudioContent(data=WAV, mime_type="audio/wav")])

    @server.tool()
    async def test_embedded_resource() -> CallToolResult:
        """A resource inside the answer."""
        return CallToolResult(content=[_resource("test://embedded-resource", "This is an embedded resource content.")])

    @server.tool()
    async def test_multiple_content_types() -> CallToolResult:
        """Text, image and resource."""
        return CallToolResult(
            content=[
                TextContent(text="Multiple content types test:"),
                ImageContent(data=PNG, mime_type="image/png"),
                _resource("test://mixed-content-resource", '{"test":"data","value":123}', "application/json"),
            ]
        )

    @server.tool()
    async def test_error_handling() -> CallToolResult:
        """Always fails."""
        message = "This tool intentionally returns an error for testing"
        raise ToolError(message)


def _notifications(server: MCPServer[Any]) -> None:
    @server.tool()
    async def test_tool_with_logging(ctx: Ctx) -> CallToolResult:
        """Logs three times."""
        for line in ("Tool execution started", "Tool processing data", "Tool execution completed"):
            await ctx.log("info", line)
            await asyncio.sleep(0.05)
        return _text("Logged three times.")

    @server.tool()
    async def test_logging_tool(ctx: Ctx) -> CallToolResult:
        """Logs once."""
        await ctx.log("info", "One line")
        return _text("Logged once.")

    @server.tool()
    async def test_tool_with_progress(ctx: Ctx) -> CallToolResult:
        """Reports progress three times."""
        for progress in (0, 50, 100):
            await ctx.report_progress(progress, 100)
            await asyncio.sleep(0.05)
        return _text("Reported three times.")


def _elicitation(server: MCPServer[Any]) -> None:
    @server.tool()
    async def test_sampling(prompt: str, ctx: Ctx) -> CallToolResult:
        """Asks the client's model."""
        answer = await ctx.session.create_message(
            messages=[SamplingMessage(role="user", content=TextContent(text=prompt))],
            max_tokens=100,
            related_request_id=ctx.request_id,
        )
        return _text(f"LLM response: {getattr(answer.content, 'text', '')}")

    @server.tool()
    async def test_elicitation(message: str, ctx: Ctx) -> CallToolResult:
        """Asks the user."""
        fields = {
            "username": {"type": "string", "description": "User's response"},
            "email": {"type": "string", "description": "User's email address"},
        }
        answer = await _elicit(ctx, message, fields, list(fields))
        return _text(f"User response: action={answer.action}, content={json.dumps(answer.content)}")

    @server.tool()
    async def test_elicitation_sep1034_defaults(ctx: Ctx) -> CallToolResult:
        """Asks with defaults of every kind."""
        fields = {
            "name": {"type": "string", "default": "John Doe"},
            "age": {"type": "integer", "default": 30},
            "score": {"type": "number", "default": 95.5},
            "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
            "verified": {"type": "boolean", "default": True},
        }
        answer = await _elicit(ctx, "Check the defaults", fields, [])
        return _text(f"Elicitation completed: action={answer.action}, content={json.dumps(answer.content)}")

    @server.tool()
    async def test_elicitation_sep1330_enums(ctx: Ctx) -> CallToolResult:
        """Asks with choices of every kind."""
        options = ["option1", "option2", "option3"]

        def titled(word: str) -> list[dict[str, str]]:
            return [
                {"const": f"value{number}", "title": f"{ordinal} {word}"}
                for number, ordinal in enumerate(("First", "Second", "Third"), 1)
            ]

        fields = {
            "untitledSingle": {"type": "string", "enum": options},
            "titledSingle": {"type": "string", "oneOf": titled("Option")},
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"],
            },
            "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
            "titledMulti": {"type": "array", "items": {"anyOf": titled("Choice")}},
        }
        answer = await _elicit(ctx, "Choose", fields, [])
        return _text(f"Elicitation completed: action={answer.action}, content={json.dumps(answer.content)}")


async def _elicit(ctx: Ctx, message: str, fields: dict[str, Any], required: list[str]) -> ElicitResult:
    schema = {"type": "object", "properties": fields, "required": required}
    answer: ElicitResult = await ctx.session.elicit_form(message, schema, related_request_id=ctx.request_id)
    return answer


def _resources(server: MCPServer[Any]) -> None:
    @server.resource("test://static-text", mime_type="text/plain")
    async def static_text() -> str:
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png")
    async def static_binary() -> bytes:
        return base64.b64decode(PNG)

    @server.resource("test://watched-resource", mime_type="text/plain")
    async def watched() -> str:
        return "Watched."

    @server.resource("test://template/{id}/data", mime_type="application/json")
    async def template(id: str) -> str:  # noqa: A002 - the suite's own name
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def _prompts(server: MCPServer[Any]) -> None:
    @server.prompt()
    def test_simple_prompt() -> str:
        """No arguments."""
        return "This is a simple prompt for testing."

    @server.prompt()
    def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
        """Two arguments."""
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"

    @server.prompt()
    def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:  # noqa: N803 - the suite's own name
        """A resource inside."""
        return [
            UserMessage(_resource(resourceUri, "Embedded resource content for testing.")),
            UserMessage("Please process the embedded resource above."),
        ]

    @server.prompt()
    def test_prompt_with_image() -> list[UserMessage]:
        """An image inside."""
        return [
            UserMessage(ImageContent(data=PNG, mime_type="image/png")),
            UserMessage("Please analyze the image above."),
        ]

    @server.prompt()
    async def test_input_required_result_prompt(ctx: Ctx) -> Any:
        """A question before the prompt."""
        context = accepted(ctx, "user_context", "context")
        if context is None:
            question = ask("What context should the prompt use?", "context")
            return InputRequiredResult(input_requests={"user_context": question})
        return f"Context: {context}"


def _legacy_methods(server: MCPServer[Any]) -> None:
    """Methods of 2025-11-25 that the product has no use for."""
    low = server._lowlevel_server

    async def subscribe(_: Any, params: SubscribeRequestParams) -> EmptyResult:
        if not str(params.uri):
            raise MCPError(code=INVALID_PARAMS, message="no uri")
        return EmptyResult()

    async def unsubscribe(_: Any, __: UnsubscribeRequestParams) -> EmptyResult:
        return EmptyResult()

    async def set_level(_: Any, __: SetLevelRequestParams) -> EmptyResult:
        return EmptyResult()

    low.add_request_handler("resources/subscribe", SubscribeRequestParams, subscribe)
    low.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, unsubscribe)
    low.add_request_handler("logging/setLevel", SetLevelRequestParams, set_level)
