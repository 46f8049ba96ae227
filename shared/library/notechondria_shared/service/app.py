"""Making a service: pools, bus, consumers and routers wired into one FastAPI application."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fastapi import FastAPI
from sqlalchemy import MetaData

from notechondria_shared.core.keys import PublicKeys, SigningKey
from notechondria_shared.core.settings import CoreSettings, ServiceSettings
from notechondria_shared.messaging.capabilities import CapabilityPublisher
from notechondria_shared.messaging.consumer import Consumer
from notechondria_shared.messaging.erasure import EventErasure
from notechondria_shared.messaging.provisioning_check import ProvisioningCheck
from notechondria_shared.messaging.relay import Relay
from notechondria_shared.messaging.retention import EventRetention
from notechondria_shared.messaging.signatures import EventSignatures, SignatureCheck
from notechondria_shared.messaging.tables import EventTables
from notechondria_shared.observability import status
from notechondria_shared.service import operations
from notechondria_shared.service.chassis import AppSpec, begin_app, finish_app
from notechondria_shared.service.preparation import prepare_schema
from notechondria_shared.web.router import include
from notechondria_shared.web.state import ServiceState

logger = logging.getLogger("notechondria.start")


class BackgroundComponent(Protocol):
    """What runs beside the requests."""

    def start(self) -> None:
        """Begin in the background."""
        ...

    async def stop(self) -> None:
        """Finish what is in hand, then leave."""
        ...


@dataclass(frozen=True, kw_only=True)
class ServiceSpec(AppSpec):
    """What makes a service with a schema different from another."""

    tables: EventTables
    metadata: MetaData
    migrations: Path
    state: type[ServiceState[Any]] = ServiceState
    """What this service shares between its endpoints and its background components."""

    async def prepare(self, settings: CoreSettings) -> None:
        """Wait for the database and migrate the schema."""
        if not isinstance(settings, ServiceSettings):
            message = f"{self.title} has a schema and needs the settings of one"
            raise TypeError(message)
        await prepare_schema(settings, self.tables.schema, self.migrations)


def create_service_app(settings: ServiceSettings, spec: ServiceSpec) -> FastAPI:
    """A FastAPI application with the chassis around the service's routers."""
    state = spec.state(
        settings=settings, capabilities=spec.capabilities, tables=spec.tables, migrations=spec.migrations
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await state.database.open()
        components = _background(state)
        await state.start()
        if settings.metrics:
            state.measure()
        state.bus.start()
        for component in components:
            component.start()
        try:
            yield
        finally:
            # Consumers first (no new effects), the relay last (their events still go out), then the connections.
            for component in components:
                await component.stop()
            await state.stop()
            await state.bus.close()
            await state.close_clients()
            await state.database.close()

    app = begin_app(state, spec, lifespan)
    include(app.router, operations.readiness)
    include(app.router, operations.operators)
    include(app.router, status.router)
    finish_app(app, settings, spec)
    return app


def _background(state: ServiceState[ServiceSettings]) -> list[BackgroundComponent]:
    settings, database, bus, tables = state.settings, state.database, state.bus, state.tables
    signatures = EventSignatures(
        SigningKey(settings.service_key.get_secret_value()), PublicKeys(settings.service_public_keys)
    )
    check = SignatureCheck(signatures, database, tables)
    components: list[BackgroundComponent] = [state.sampler] if state.sampler else []
    components += [
        Consumer(bus, database, tables, subscription, list(settings.consumer_backoff_seconds), check)
        for subscription in state.consumed
    ]
    return [
        *components,
        ProvisioningCheck(bus),
        CapabilityPublisher(bus, dict(state.capabilities)),
        EventErasure(database, tables),
        EventRetention(database, tables, settings.outbox_retention_days),
        Relay(bus, settings.database_conninfo, tables.schema, signatures),
    ]
