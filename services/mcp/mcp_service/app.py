"""The mcp service, wired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

import mcp_service.admin.routes
import mcp_service.calls.pages
import mcp_service.calls.routes
import mcp_service.transport.challenge
import mcp_service.transport.routes
from mcp_service.handlers import SUBSCRIPTIONS
from mcp_service.models import EVENTS, Base
from mcp_service.settings import McpSettings
from mcp_service.transport.state import McpState
from notechondria_shared.messaging.consumer import Subscription
from notechondria_shared.service.app import ServiceSpec, create_service_app
from notechondria_shared.service.runner import configured_app, load_settings


@dataclass(kw_only=True)
class RunningMcp(McpState):
    """The state with what is made of the features."""

    def subscriptions(self) -> Sequence[Subscription]:
        """What mcp consumes."""
        return SUBSCRIPTIONS

    def measure(self) -> None:
        """Count the calls of tools."""
        from mcp_service.service_metrics import CountedRunner  # noqa: PLC0415 - only when metrics are on

        self.server.runner = CountedRunner(self.server.runner, self.settings.service)


SPEC = ServiceSpec(
    title="Notechondria MCP",
    description="The Model Context Protocol server.",
    routers=(
        mcp_service.transport.routes.router,
        mcp_service.transport.challenge.router,
        mcp_service.calls.routes.router,
        mcp_service.calls.routes.internal,
        mcp_service.calls.pages.router,
        mcp_service.admin.routes.router,
    ),
    tables=EVENTS,
    metadata=Base.metadata,
    migrations=Path(__file__).resolve().parent.parent / "migrations",
    capabilities={"mcp": 1},
    state=RunningMcp,
)


def create_app(settings: McpSettings | None = None) -> FastAPI:
    """The application, configured by the environment where no settings are passed; uvicorn's factory."""
    settings = settings or load_settings(McpSettings)
    return configured_app(create_service_app, settings, SPEC)
