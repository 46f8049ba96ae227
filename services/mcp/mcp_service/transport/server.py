"""The MCP server: the product's tools, resources, prompts, and what each caller sees of them."""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mcp.server import MCPServer
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.request_state import RequestStateSecurity
from mcp_types import (
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    InputRequiredResult,
    ListResourcesResult,
    ListToolsResult,
    PaginatedRequestParams,
)
from mcp_types import Tool as ListedTool
from pydantic import JsonValue

from mcp_service.agent import Agent, Toolset, agent_of
from mcp_service.calls.service import CallLog
from mcp_service.guide import completion, instructions, prompts, resources
from mcp_service.names import NAME, VERSION
from mcp_service.tools import (
    activity,
    batches,
    calls,
    courses,
    events,
    feeds,
    history,
    note_edits,
    notes,
    profile,
    subscriptions,
    work_sessions,
)
from mcp_service.tools.context import AnyContext, ToolCall
from mcp_service.tools.executor import ToolRunner
from mcp_service.tools.registry import Area, JsonResult, ProductTool, ToolOutcome, ToolRegistry
from mcp_service.tools.unknown_arguments import unknown_tool
from notechondria_shared.web.answers import encoded

RequestContext = ServerRequestContext[object, object]
LISTINGS = 32
"""So many kinds of callers have their list of tools kept, some 50 kB each."""


@dataclass(slots=True)
class Listing:
    """The tools that a kind of caller sees."""

    tools: list[ListedTool]
    as_json: bytes = b""
    """The result of `tools/list`, once a plain client has asked for it."""


class ToolModule(Protocol):
    """A module that registers the tools of an area."""

    def register(self, registry: ToolRegistry) -> None:
        """Add the tools."""
        ...


HOUR, MINUTE = 3_600_000, 60_000
CACHING: dict[CacheableMethod, CacheHint] = {
    # Private: what a key sees depends on whether it may write.
    "tools/list": CacheHint(ttl_ms=HOUR, scope="private"),
    "prompts/list": CacheHint(ttl_ms=HOUR, scope="public"),
    "resources/templates/list": CacheHint(ttl_ms=HOUR, scope="public"),
    "resources/list": CacheHint(ttl_ms=MINUTE, scope="private"),
    "server/discover": CacheHint(ttl_ms=MINUTE, scope="private"),
}


_MODULES: tuple[tuple[Area, Toolset, ToolModule], ...] = (
    ("profile", "profile", profile),
    ("notes", "notes", notes),
    ("notes", "notes", note_edits),
    ("notes", "notes", batches),
    ("notes", "courses", courses),
    ("notes", "courses", subscriptions),
    ("planner", "planner", activity),
    ("planner", "planner", events),
    ("notes", "notes", history),
    ("planner", "planner", work_sessions),
    ("planner", "planner", feeds),
)
"""What registers tools, what those work on, and the name of their toolset."""


def _registered() -> Sequence[ProductTool]:
    registry = ToolRegistry()
    for area, toolset, module in _MODULES:
        registry.area, registry.toolset = area, toolset
        module.register(registry)
    return registry.tools


_TOOLS = _registered()
"""Made as this module is loaded: their schemas take half a second, and services that are forked share them."""


def product_tools(log: CallLog) -> list[ProductTool]:
    """Every tool, in the order in which they are listed; those of the log last, which belong to a server."""
    registry = ToolRegistry()
    registry.area, registry.toolset = "calls", "log"
    calls.register(registry, log)
    return [*_TOOLS, *registry.tools]


class NotesMcpServer(MCPServer[object]):
    """The SDK's server with the product's rules around every call."""

    def __init__(self, log: CallLog, runner: ToolRunner, secret: bytes, *, subscriptions: bool = False) -> None:
        self.runner = runner
        self._listings: OrderedDict[Hashable, Listing] = OrderedDict()
        super().__init__(
            NAME,
            title="Notechondria",
            version=VERSION,
            instructions=instructions.MANUAL,
            tools=[*product_tools(log)],
            log_level="WARNING",
            cache_hints=CACHING,
            # What the lists hold does not change while a server runs: there is nothing to listen to.
            subscriptions=None if subscriptions else False,
            request_state_security=shared_state(secret),
            middleware=[instructions.personal],
        )
        resources.register(self)
        prompts.register(self)
        self._lowlevel_server.add_request_handler("completion/complete", CompleteRequestParams, _complete)

    def product_tool(self, name: object) -> ProductTool | None:
        """A tool of the product by name, also one that the agent may not use."""
        tool = self._tool_manager.get_tool(name) if isinstance(name, str) else None
        return tool if isinstance(tool, ProductTool) else None

    async def tools_of(self, agent: Agent) -> list[ListedTool]:
        """The tools the agent may use, in the form of its generation (decision 60): a read-only key sees those that
        only read, a program those of its scopes."""
        return (await self._listing(agent)).tools

    async def listing_of(self, agent: Agent) -> bytes:
        """The result of `tools/list` as a plain client gets it: every tool the agent may use in one answer (mcp §5)."""
        listing = await self._listing(agent)
        if not listing.as_json:
            tools = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listing.tools]
            listing.as_json = encoded({"tools": tools})
        return listing.as_json

    async def _listing(self, agent: Agent) -> Listing:
        """It takes a millisecond or two to make and is the same for all callers of a kind, so it is kept."""
        known = len(self._tool_manager.list_tools())
        kind = (agent.is_plain, agent.is_program, agent.caller.scopes, agent.selection, known)
        if (listing := self._listings.get(kind)) is None:
            listed = [self._listed(agent, tool) for tool in await self.list_tools()]
            listing = self._listings[kind] = Listing([tool for tool in listed if tool is not None])
            if len(self._listings) > LISTINGS:
                self._listings.popitem(last=False)
        return listing

    def _listed(self, agent: Agent, listed: ListedTool) -> ListedTool | None:
        tool = self.product_tool(listed.name)
        if tool is None:  # fixtures of tests
            return listed if agent.is_program or agent.may_write or _reads_only(listed) else None
        if not agent.may_use(reads_only=tool.reads_only, needs=tool.needs):
            return None
        if not agent.selection.offers(tool.toolset, reads_only=tool.reads_only):
            return None
        return tool.listed(plain=agent.is_plain)

    async def run_tool(
        self, agent: Agent, tool: ProductTool, arguments: dict[str, JsonValue], context: AnyContext | None = None
    ) -> ToolOutcome:
        """Call a tool of the product: `ToolError` when it failed."""
        return await self.runner.run(tool, arguments, ToolCall(agent, self, context))

    async def call_tool(
        self, name: str, arguments: dict[str, JsonValue], context: AnyContext | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool as the SDK does, which gives the context of the request."""
        tool = self.product_tool(name)
        if self._tool_manager.get_tool(name) is None:
            raise ToolError(unknown_tool(name, [known.name for known in await self.list_tools()]))
        if tool is None or context is None:
            return await super().call_tool(name, arguments, context)
        result = await self.run_tool(agent_of(context.request_context.request), tool, arguments, context)
        return result.as_sdk_result() if isinstance(result, JsonResult) else result

    async def _handle_list_tools(self, ctx: RequestContext, params: PaginatedRequestParams | None) -> ListToolsResult:
        del params
        return ListToolsResult(tools=await self.tools_of(agent_of(ctx.request)))

    async def _handle_list_resources(
        self, ctx: RequestContext, params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        """What there is to read right now: this week, the user's courses, the notes last edited."""
        del params
        personal = await resources.current(agent_of(ctx.request))
        return ListResourcesResult(resources=[*await self.list_resources(), *personal])


async def _complete(ctx: RequestContext, params: CompleteRequestParams) -> CompleteResult:
    values = await completion.complete(agent_of(ctx.request).services, params.ref, params.argument)
    return CompleteResult(completion=values or Completion(values=[], total=None, has_more=None))


def _reads_only(tool: ListedTool) -> bool:
    return bool(tool.annotations and tool.annotations.read_only_hint)


def shared_state(secret: bytes) -> RequestStateSecurity:
    """Questions carry their state through the client: every replica can open it, and only for the same key or grant."""
    key = hmac.new(secret, b"notechondria.mcp.request-state.v1", hashlib.sha256).digest()
    return RequestStateSecurity(keys=[key], bind_principal=_principal)


def _principal(ctx: RequestContext) -> str:
    return agent_of(ctx.request).caller.principal
