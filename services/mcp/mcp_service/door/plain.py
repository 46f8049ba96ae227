"""Requests without an MCP-Protocol-Version header: one JSON-RPC request in, one JSON answer out (mcp §2, §3)."""

from __future__ import annotations

from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import ValidationError
from starlette.responses import Response

from mcp_service.door.envelope import METHOD_NOT_FOUND, PROCESS, rpc_error, rpc_result
from notechondria_shared.http.answers import Json

PROTOCOL_VERSION = "2025-03-26"
SERVER_INFO = {"name": "notechondria-mcp", "version": "0.1.0"}


async def answer(server: MCPServer[Any], message: dict[str, Any]) -> Response:
    """Dispatch one request; always 200, 204 for the one notification."""
    request_id, method = message.get("id"), message.get("method")
    params = message.get("params")
    arguments = params if isinstance(params, dict) else {}
    if method == "notifications/initialized" and request_id is None:
        return Response(status_code=204)
    if method == "initialize":
        return Json(rpc_result(request_id, _initialized()))
    if method in {"ping", "notifications/initialized"}:
        return Json(rpc_result(request_id, {}))
    if method == "tools/list":
        return Json(rpc_result(request_id, {"tools": await listed_tools(server)}))
    if method == "tools/call":
        return Json(await _call(server, request_id, arguments))
    text = f"Not answered: {PROCESS}/dispatch — there is no method {method!r} here."
    return Json(rpc_error(request_id, METHOD_NOT_FOUND, text))


def _initialized() -> dict[str, Any]:
    return {
        "protocolVersion": PROTOCOL_VERSION,
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": SERVER_INFO,
    }


async def listed_tools(server: MCPServer[Any]) -> list[dict[str, Any]]:
    """Every tool as `{name, description, inputSchema}`; `required` is always there (mcp §5)."""
    return [
        {
            "name": tool.name,
            "description": tool.description or "",
            "inputSchema": {"required": [], **tool.input_schema},
        }
        for tool in await server.list_tools()
    ]


async def _call(server: MCPServer[Any], request_id: Any, params: dict[str, Any]) -> dict[str, Any]:
    name = params.get("name")
    known = {tool.name for tool in await server.list_tools()}
    if name not in known:
        text = f"Not called: {PROCESS}/tools.call — there is no tool {name!r}."
        return rpc_error(request_id, METHOD_NOT_FOUND, text)
    arguments = params.get("arguments")
    try:
        result = await server.call_tool(str(name), arguments if isinstance(arguments, dict) else {})
    except ToolError as error:
        return rpc_result(request_id, _failed(str(name), error))
    content = result.content if isinstance(result, CallToolResult) else []
    texts = [part.model_dump(mode="json", by_alias=True, exclude_none=True) for part in content]
    body: dict[str, Any] = {"content": texts}
    if isinstance(result, CallToolResult) and result.is_error:
        body["isError"] = True
    return rpc_result(request_id, body)


def _failed(name: str, error: ToolError) -> dict[str, Any]:
    if isinstance(error.__cause__, ValidationError):
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.__cause__.errors()
        )
        cause = f"BadArgument: {problems}"
    else:
        cause = str(error)
    text = f"Tool failed: {PROCESS}/tools.call.{name} — {cause}"
    return {"content": [{"type": "text", "text": text}], "isError": True}
