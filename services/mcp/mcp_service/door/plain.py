"""Requests of plain clients of the first generation: one JSON-RPC request in, one JSON answer out (mcp §2, §3)."""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from starlette.responses import Response

from mcp_service.door.envelope import METHOD_NOT_FOUND, PROCESS, rpc_error, rpc_result
from mcp_service.guide import instructions
from mcp_service.tools.server import NAME, VERSION, NotesMcpServer
from mcp_service.upstream.client import Upstream
from notechondria_shared.web.answers import Json

PROTOCOL_VERSION = "2025-03-26"
SERVER_INFO = {"name": NAME, "version": VERSION}


async def answer(server: NotesMcpServer, identity: Upstream, message: dict[str, Any]) -> Response:
    """Dispatch one request; always 200, but 204 for the one notification and 202 for others."""
    method = message.get("method")
    if isinstance(method, str) and method.startswith("notifications/") and message.get("id") is None:
        if method == "notifications/initialized":
            return Response(status_code=204)
        if "id" not in message:
            return Response(status_code=202)
    return Json(await _dispatch(server, identity, message))


async def _dispatch(server: NotesMcpServer, identity: Upstream, message: dict[str, Any]) -> dict[str, Any]:
    request_id, method, params = message.get("id"), message.get("method"), message.get("params")
    match method:
        case "initialize":
            return rpc_result(request_id, await _initialized(identity))
        case "ping" | "notifications/initialized":
            return rpc_result(request_id, {})
        case "tools/list":
            return rpc_result(request_id, {"tools": await listed_tools(server)})
        case "tools/call":
            return await _call(server, request_id, params if isinstance(params, dict) else {})
    text = f"Not answered: {PROCESS}/dispatch — there is no method {method!r} here."
    return rpc_error(request_id, METHOD_NOT_FOUND, text)


async def _initialized(identity: Upstream) -> dict[str, Any]:
    return {
        "protocolVersion": PROTOCOL_VERSION,
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": SERVER_INFO,
        "instructions": await instructions.for_caller(identity),
    }


async def listed_tools(server: NotesMcpServer) -> list[dict[str, Any]]:
    """Every tool the caller may use, in one answer (mcp §5); what later generations know of them stands beside."""
    return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in await server.list_tools()]


async def _call(server: NotesMcpServer, request_id: Any, params: dict[str, Any]) -> dict[str, Any]:
    name = params.get("name")
    if server.product_tool(name) is None:
        text = f"Not called: {PROCESS}/tools.call — there is no tool {name!r}."
        return rpc_error(request_id, METHOD_NOT_FOUND, text)
    arguments = params.get("arguments")
    try:
        result = await server.call_tool(str(name), arguments if isinstance(arguments, dict) else {})
    except ToolError as error:
        return rpc_result(request_id, {"content": [{"type": "text", "text": str(error)}], "isError": True})
    assert isinstance(result, CallToolResult)  # noqa: S101 - a plain client is never asked back
    content = [part.model_dump(mode="json", by_alias=True, exclude_none=True) for part in result.content]
    return rpc_result(request_id, {"content": content, "structuredContent": result.structured_content})
