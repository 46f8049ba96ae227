"""The MCP server and its tools."""

from __future__ import annotations

from typing import Any

from mcp.server import MCPServer

from mcp_service.tools import notes, planner
from mcp_service.upstream.client import Upstream


def make_server(notes_service: Upstream, planner_service: Upstream) -> MCPServer[Any]:
    """A server with every tool registered; tools reach the other services through the given clients."""
    server: MCPServer[Any] = MCPServer("notechondria-mcp", title="Notechondria", version="0.1.0", log_level="WARNING")
    notes.register(server, notes_service)
    planner.register(server, planner_service)
    return server
