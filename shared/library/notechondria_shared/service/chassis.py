"""What every service is made of: the application around its routers, its clients, what is logged and counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from notechondria_shared.core.memory import settle
from notechondria_shared.core.settings import CoreSettings
from notechondria_shared.core.version import product_version
from notechondria_shared.observability.route_template import UNSEEN
from notechondria_shared.service.protocol import TimedProtocol
from notechondria_shared.web import errors, internal, openapi, route_table
from notechondria_shared.web.answers import Json
from notechondria_shared.web.app_state import AppState
from notechondria_shared.web.edge import EdgeMiddleware
from notechondria_shared.web.router import Router, include

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, kw_only=True)
class AppSpec:
    """What makes one service different from another, whether it has a schema or not."""

    title: str
    routers: Sequence[Router]
    description: str = ""
    capabilities: dict[str, int] = field(default_factory=dict)
    """What the handshake shows of this service (identity §6.1)."""

    async def prepare(self, settings: CoreSettings) -> None:
        """Do what comes before serving; raises `CannotStart`. A service without a schema has nothing to do."""


def begin_app(state: AppState[Any], spec: AppSpec, lifespan: Lifespan) -> FastAPI:
    """The application around the state of its service; `finish_app` adds the routers."""

    @asynccontextmanager
    async def settled(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(app):
            settle()
            yield

    TimedProtocol.read_seconds = state.settings.client_read_seconds
    app = FastAPI(
        title=spec.title,
        description=spec.description,
        version=product_version(),
        lifespan=settled,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        default_response_class=Json,
        telemetry={
            "tracing": bool(state.settings.otel_exporter_otlp_endpoint),
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
            "exclude": lambda scope: scope.get("path", "").startswith(UNSEEN),
        },
    )
    app.state.service = state
    include(app.router, internal.health)
    return app


def finish_app(app: FastAPI, settings: CoreSettings, spec: AppSpec) -> None:
    """Add the service's routers, the shapes of errors, and what is logged, traced and counted."""
    for router in spec.routers:
        include(app.router, router)
    errors.install(app)
    openapi.install(app)
    app.add_middleware(_edge(settings))
    if settings.otel_exporter_otlp_endpoint:
        from notechondria_shared.observability import tracing  # noqa: PLC0415 - off by default

        tracing.install(app)
    else:
        # FastAPI's spans take the name of a route from FastAPI's choice.
        route_table.install(app)
    if settings.metrics:
        from notechondria_shared.observability import exposition as metrics  # noqa: PLC0415 - off by default

        metrics.install(app)


def _edge(settings: CoreSettings) -> Callable[[ASGIApp], ASGIApp]:
    return lambda app: EdgeMiddleware(app, settings)
