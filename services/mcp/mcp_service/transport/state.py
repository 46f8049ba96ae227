"""The parts of the running mcp service."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pkgutil import resolve_name

from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp

from mcp_service.calls.retention import Retention
from mcp_service.calls.state import CallLogState
from mcp_service.models import RATE_BUCKETS
from mcp_service.tools.executor import ToolExecutor
from mcp_service.transport.server import NotesMcpServer
from notechondria_shared.core.optional_libraries import without
from notechondria_shared.web.rate_limit import LeasedBuckets


@dataclass(kw_only=True)
class McpState(CallLogState):
    """The log's parts, the server, the SDK's transport and the rate limit of keys."""

    key_limit: LeasedBuckets = field(init=False)
    server: NotesMcpServer = field(init=False)
    sdk_transport: ASGIApp = field(init=False)
    _running: AsyncExitStack = field(init=False, default_factory=AsyncExitStack)
    _retention: Retention = field(init=False)

    async def start(self) -> None:
        """Make and start the parts."""
        await super().start()
        settings = self.settings
        self.key_limit = LeasedBuckets(self.database, RATE_BUCKETS, settings.mcp_rate_per_minute)
        secret = self.keys.derive(b"notechondria.mcp.request-state.v1")
        # Stateless with JSON answers, so that any replica can answer any request. The fixtures of the conformance suite
        # need connections that last.
        lasting = bool(settings.mcp_fixtures)
        executor = ToolExecutor(self.call_writer, settings.mcp_tool_seconds)
        # The SDK sets up logging by rich where that is installed; ours is set up already.
        with without("rich"):
            self.server = NotesMcpServer(self.call_log, executor, secret, subscriptions=lasting)
        if lasting:
            resolve_name(settings.mcp_fixtures)(self.server)
        transport = self.server.streamable_http_app(
            json_response=not lasting,
            stateless_http=not lasting,
            # The edge has checked the Host header already, against the deployment's own list.
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        self.sdk_transport = transport
        await self._running.enter_async_context(transport.router.lifespan_context(transport))
        self._retention = Retention(self.database, settings.mcp_log_days)
        self._retention.start()

    async def stop(self) -> None:
        """End the transport, then the background work."""
        await self._running.aclose()
        await self._retention.stop()
        await super().stop()
