"""The mcp service, wired."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from fastapi import FastAPI
from mcp.server.transport_security import TransportSecuritySettings

import mcp_service.door.routes
from mcp_service.handlers import SUBSCRIPTIONS
from mcp_service.models import EVENTS, Base
from mcp_service.settings import McpSettings
from mcp_service.tools.server import make_server
from mcp_service.upstream.client import Upstream
from notechondria_shared.app import ServiceSpec, create_service_app
from notechondria_shared.runner import configured_app, load_settings


async def _start(app: FastAPI) -> None:
    settings: McpSettings = app.state.settings
    http = app.state.user_http
    server = make_server(Upstream(http, "notes", settings.notes_url), Upstream(http, "planner", settings.planner_url))
    transport = server.streamable_http_app(
        json_response=True,
        stateless_http=True,
        # The chassis has checked the Host header already, against the deployment's own list.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    app.state.mcp_server, app.state.mcp_transport = server, transport
    app.state.mcp_lifespan = AsyncExitStack()
    await app.state.mcp_lifespan.enter_async_context(transport.router.lifespan_context(transport))


async def _stop(app: FastAPI) -> None:
    await app.state.mcp_lifespan.aclose()


SPEC = ServiceSpec(
    title="Notechondria MCP",
    description="The Model Context Protocol server.",
    routers=(mcp_service.door.routes.router,),
    tables=EVENTS,
    metadata=Base.metadata,
    migrations=Path(__file__).resolve().parent.parent / "migrations",
    capabilities={"mcp": 1},
    subscriptions=lambda _: SUBSCRIPTIONS,
    on_start=(_start,),
    on_stop=(_stop,),
)


def create_app() -> FastAPI:
    """The application, configured by the environment; uvicorn's factory."""
    settings = load_settings(McpSettings)
    return configured_app(lambda: create_service_app(settings, SPEC), settings)
