"""Making a service that keeps nothing: no schema, no bus, no files. It acts through the APIs of the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, FastAPI, Request

from notechondria_contracts.internal.status import STATUS_PATH, ServiceStatus
from notechondria_shared.auth.state import state_of
from notechondria_shared.core.settings import CoreSettings
from notechondria_shared.core.version import product_version
from notechondria_shared.service.chassis import AppSpec, begin_app, finish_app
from notechondria_shared.web.app_state import AppState
from notechondria_shared.web.internal import HEALTH, CalledBy, Readiness, not_through_a_gateway
from notechondria_shared.web.router import Router, include

readiness = Router(prefix=HEALTH, include_in_schema=False, dependencies=[Depends(not_through_a_gateway)])
own_status = Router(include_in_schema=False, dependencies=[Depends(CalledBy("operator", "web"))])


@dataclass(frozen=True, kw_only=True)
class StatelessSpec(AppSpec):
    """What makes a service without a schema different from another."""

    state: type[AppState[Any]] = AppState
    """What this service shares between its endpoints."""


@readiness.get("/ready")
async def ready(request: Request) -> Readiness:
    """It needs nothing: as soon as it answers it is ready."""
    state = state_of(request.app, AppState)
    return Readiness(service=state.settings.service, capabilities=dict(state.capabilities))


@own_status.get(STATUS_PATH)
async def status(request: Request) -> ServiceStatus:
    """How this service is; what it does not have is null."""
    return ServiceStatus(name=state_of(request.app, AppState).settings.service, version=product_version())


def create_stateless_app(settings: CoreSettings, spec: StatelessSpec) -> FastAPI:
    """A FastAPI application with the chassis around the service's routers."""
    state = spec.state(settings=settings, capabilities=spec.capabilities)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await state.start()
        if state.sampler:
            state.measure()
            state.sampler.start()
        try:
            yield
        finally:
            if state.sampler:
                await state.sampler.stop()
            await state.stop()
            await state.close_clients()

    app = begin_app(state, spec, lifespan)
    include(app.router, readiness)
    include(app.router, own_status)
    finish_app(app, settings, spec)
    return app
