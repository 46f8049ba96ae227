"""Tools on planner events (mcp §5.5)."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server import MCPServer
from mcp_types import ToolAnnotations
from pydantic import Field

from mcp_service.tools.schemas import EventList, event_brief
from mcp_service.upstream.client import Upstream

MOST = 200


def register(server: MCPServer[Any], planner: Upstream) -> None:
    """Add the tools to the server."""

    @server.tool(title="List events", annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False))
    async def list_events(
        include_completed: Annotated[bool, Field(description="True also lists what is done.")] = False,
        limit: Annotated[int, Field(description="How many at most; 200 is the most there is.")] = 50,
    ) -> EventList:
        """List the user's planner events by date. List before you create many."""
        events = await planner.get(
            "planner-events/",
            include_completed="1" if include_completed else None,
            limit=min(max(limit, 1), MOST),
        )
        return EventList(events=[event_brief(event) for event in events])
