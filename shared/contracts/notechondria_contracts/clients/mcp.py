"""The client of the mcp service."""

from __future__ import annotations

from notechondria_contracts.clients.base import ServiceClient
from notechondria_contracts.internal.mcp import CALLS_OF_PROGRAMS_PATH, CallsOfPrograms


class McpClient(ServiceClient):
    """The agents' log."""

    service = "mcp"

    async def calls_of_programs(self, assertion: str) -> dict[int, int]:
        """How many calls came through each connection of the person's programs."""
        return (await self.call("GET", CALLS_OF_PROGRAMS_PATH, CallsOfPrograms, assertion=assertion)).counts
