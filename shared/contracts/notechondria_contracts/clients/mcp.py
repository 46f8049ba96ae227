"""The client of the mcp service."""

from __future__ import annotations

from notechondria_contracts.clients.base import ServiceClient


class McpClient(ServiceClient):
    """What every service offers; nothing else is asked of mcp yet."""

    service = "mcp"
