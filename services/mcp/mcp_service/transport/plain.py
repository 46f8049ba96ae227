"""Requests of plain clients of the first generation: one JSON-RPC request in, one JSON answer out (mcp §2, §3)."""

from __future__ import annotations

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import JsonValue
from starlette.responses import Response

from mcp_service.agent import Agent
from mcp_service.guide import instructions
from mcp_service.names import NAME, PROCESS, VERSION
from mcp_service.tools.registry import JsonResult
from mcp_service.transport.envelope import METHOD_NOT_FOUND, rpc_error, rpc_ready, rpc_result
from mcp_service.transport.server import NotesMcpServer
from notechondria_shared.web.answers import Json

PROTOCOL_VERSION = "2025-03-26"
RpcMessage = dict[str, JsonValue]
"""A JSON-RPC request or answer."""


async def answer(server: NotesMcpServer, agent: Agent, message: RpcMessage) -> Response:
    """Dispatch one request; always 200, but 204 for the one notification and 202 for others."""
    method = message.get("method")
    if isinstance(method, str) and method.startswith("notifications/") and message.get("id") is None:
        if method == "notifications/initialized":
            return Response(status_code=204)
        if "id" not in message:
            return Response(status_code=202)
    return await _dispatch(server, agent, message)


async def _dispatch(server: NotesMcpServer, agent: Agent, message: RpcMessage) -> Response:
    request_id, method, params = message.get("id"), message.get("method"), message.get("params")
    match method:
        case "tools/list":
            return rpc_ready(request_id, await server.listing_of(agent))
        case "tools/call":
            return await _call(server, agent, request_id, params if isinstance(params, dict) else {})
        case "initialize":
            return Json(rpc_result(request_id, await _initialized(agent)))
        case "ping" | "notifications/initialized":
            return Json(rpc_result(request_id, {}))
    text = f"Not answered: {PROCESS}/dispatch — there is no method {method!r} here."
    return Json(rpc_error(request_id, METHOD_NOT_FOUND, text))


async def _initialized(agent: Agent) -> RpcMessage:
    return {
        "protocolVersion": PROTOCOL_VERSION,
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": {"name": NAME, "version": VERSION},
        "instructions": await instructions.for_user(agent),
    }


async def _call(server: NotesMcpServer, agent: Agent, request_id: JsonValue, params: RpcMessage) -> Response:
    name = params.get("name")
    tool = server.product_tool(name)
    if tool is None:
        text = f"Not called: {PROCESS}/tools.call — there is no tool {name!r}."
        return Json(rpc_error(request_id, METHOD_NOT_FOUND, text))
    arguments = params.get("arguments")
    try:
        result = await server.run_tool(agent, tool, arguments if isinstance(arguments, dict) else {})
    except ToolError as error:
        failed: RpcMessage = {"content": [{"type": "text", "text": str(error)}], "isError": True}
        return Json(rpc_result(request_id, failed))
    assert isinstance(result, JsonResult)  # noqa: S101 - a plain client is never asked back
    return rpc_ready(request_id, result.as_json())
