"""The MCP server: the product's tools, resources, prompts, and what each caller sees of them."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from mcp.server import MCPServer
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.server.request_state import RequestStateSecurity
from mcp_types import CallToolResult, InputRequiredResult
from mcp_types import Resource as ListedResource
from mcp_types import Tool as ListedTool

from mcp_service.calls.service import CallLog
from mcp_service.door.caller import current_caller, may_write
from mcp_service.guide import completion, instructions, prompts, resources
from mcp_service.tools import activity, calls, courses, events, feeds, history, notes, profile, sessions, subscriptions
from mcp_service.tools.guard import ToolRunner
from mcp_service.tools.registry import ProductTool, ToolRegistry
from mcp_service.upstream.client import Services

NAME, VERSION = "notechondria-mcp", "0.1.0"
HOUR, MINUTE = 3_600_000, 60_000
CACHING: dict[CacheableMethod, CacheHint] = {
    # Private: what a key sees depends on whether it may write.
    "tools/list": CacheHint(ttl_ms=HOUR, scope="private"),
    "prompts/list": CacheHint(ttl_ms=HOUR, scope="public"),
    "resources/templates/list": CacheHint(ttl_ms=HOUR, scope="public"),
    "resources/list": CacheHint(ttl_ms=MINUTE, scope="private"),
    "server/discover": CacheHint(ttl_ms=MINUTE, scope="private"),
}


def registry(services: Services, log: CallLog) -> ToolRegistry:
    """Every tool, in the order in which they are listed."""
    box = ToolRegistry()
    for area in (profile, notes, courses, subscriptions, activity, events, history, sessions, feeds):
        area.register(box, services)
    calls.register(box, log)
    return box


class NotesMcpServer(MCPServer[Any]):
    """The SDK's server with the product's rules around every call."""

    def __init__(
        self, services: Services, log: CallLog, guard: ToolRunner, secret: bytes, *, subscriptions: bool = False
    ) -> None:
        self.services, self.guard = services, guard
        super().__init__(
            NAME,
            title="Notechondria",
            version=VERSION,
            instructions=instructions.MANUAL,
            tools=list(registry(services, log).tools),
            log_level="WARNING",
            cache_hints=CACHING,
            # What the lists hold does not change while a server runs: there is nothing to listen to.
            subscriptions=None if subscriptions else False,
            request_state_security=shared_state(secret),
            middleware=[instructions.Personal(services.identity)],
        )
        resources.register(self, services)
        prompts.register(self)
        completion.register(self, services)

    def product_tool(self, name: object) -> ProductTool | None:
        """A tool of the product by name, also one that the caller may not use."""
        tool = self._tool_manager.get_tool(name) if isinstance(name, str) else None
        return tool if isinstance(tool, ProductTool) else None

    async def list_tools(self) -> list[ListedTool]:
        """The tools the caller may use: a read-only key sees those that only read."""
        listed = await super().list_tools()
        return listed if may_write() else [tool for tool in listed if _reads_only(tool)]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool: `ToolError` when it failed."""
        tool = self.product_tool(name)
        if tool is None:
            return await super().call_tool(name, arguments, context)
        return await self.guard.run(tool, arguments, context or Context(mcp_server=self))

    async def list_resources(self) -> list[ListedResource]:
        """What there is to read right now: this week, the user's courses, the notes last edited."""
        return [*await super().list_resources(), *await resources.current(self.services)]


def _reads_only(tool: ListedTool) -> bool:
    return bool(tool.annotations and tool.annotations.read_only_hint)


def shared_state(secret: bytes) -> RequestStateSecurity:
    """Questions carry their state through the client: every replica can open it, and only for the same key."""
    key = hmac.new(secret, b"notechondria.mcp.request-state.v1", hashlib.sha256).digest()
    return RequestStateSecurity(keys=[key], bind_principal=_principal)


def _principal(_: ServerRequestContext[Any, Any]) -> str:
    return current_caller.get().credential_digest
