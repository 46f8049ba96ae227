"""The mcp service, wired."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from pkgutil import resolve_name

from fastapi import FastAPI
from mcp.server.transport_security import TransportSecuritySettings

import mcp_service.admin.routes
import mcp_service.calls.routes
import mcp_service.door.routes
from mcp_service.calls.retention import Retention
from mcp_service.calls.service import CallLog
from mcp_service.calls.writer import CallWriter
from mcp_service.handlers import SUBSCRIPTIONS
from mcp_service.limits.bucket import TokenBuckets
from mcp_service.models import EVENTS, Base
from mcp_service.settings import McpSettings
from mcp_service.tools.guard import ToolExecutor
from mcp_service.tools.server import NotesMcpServer
from mcp_service.upstream.client import Services, Upstream
from notechondria_shared.service.app import ServiceSpec, create_service_app
from notechondria_shared.service.runner import configured_app, load_settings


async def _start(app: FastAPI) -> None:
    state, settings = app.state, app.state.settings
    http = state.user_http
    state.services = Services(
        identity=Upstream(http, "identity", settings.identity_url),
        notes=Upstream(http, "notes", settings.notes_url),
        planner=Upstream(http, "planner", settings.planner_url),
    )
    state.mcp_buckets = TokenBuckets(state.database, settings.mcp_rate_per_minute)
    state.call_writer = CallWriter(state.database)
    state.call_log = CallLog(state.database, state.call_writer, state.services)
    state.call_retention = Retention(state.database, settings.mcp_log_days)
    secret = settings.internal_token.get_secret_value().encode()
    # Stateless with JSON answers, so that any replica can answer any request. The fixtures of the conformance suite
    # need connections that last.
    lasting = bool(settings.mcp_fixtures)
    guard = ToolExecutor(state.call_writer, settings.mcp_tool_seconds)
    state.mcp_server = NotesMcpServer(state.services, state.call_log, guard, secret, subscriptions=lasting)
    if lasting:
        resolve_name(settings.mcp_fixtures)(state.mcp_server)
    transport = state.mcp_server.streamable_http_app(
        json_response=not lasting,
        stateless_http=not lasting,
        # The chassis has checked the Host header already, against the deployment's own list.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    state.mcp_transport = transport
    state.mcp_lifespan = AsyncExitStack()
    await state.mcp_lifespan.enter_async_context(transport.router.lifespan_context(transport))
    state.call_writer.start()
    state.call_retention.start()


async def _stop(app: FastAPI) -> None:
    await app.state.mcp_lifespan.aclose()
    await app.state.call_retention.stop()
    await app.state.call_writer.stop()


async def _measure(app: FastAPI) -> None:
    from mcp_service.measures import install  # noqa: PLC0415 - only when metrics are on

    install(app)


SPEC = ServiceSpec(
    title="Notechondria MCP",
    description="The Model Context Protocol server.",
    routers=(
        mcp_service.door.routes.router,
        mcp_service.calls.routes.router,
        mcp_service.calls.routes.internal,
        mcp_service.admin.routes.router,
    ),
    tables=EVENTS,
    metadata=Base.metadata,
    migrations=Path(__file__).resolve().parent.parent / "migrations",
    capabilities={"mcp": 1},
    subscriptions=lambda _: SUBSCRIPTIONS,
    on_start=(_start,),
    on_stop=(_stop,),
    measure=_measure,
)


def create_app() -> FastAPI:
    """The application, configured by the environment; uvicorn's factory."""
    settings = load_settings(McpSettings)
    return configured_app(lambda: create_service_app(settings, SPEC), settings)
