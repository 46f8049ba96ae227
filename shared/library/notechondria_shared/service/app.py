"""Making a service: pools, bus, consumers and routers wired into one FastAPI application."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fastapi import FastAPI
from sqlalchemy import MetaData, column, select, table

from notechondria_shared.auth.introspection import HttpIntrospector, Introspector
from notechondria_shared.core.settings import CoreSettings, ServiceSettings
from notechondria_shared.db import Database, prepare
from notechondria_shared.db.replica import replicas_query
from notechondria_shared.messaging.bus import Bus
from notechondria_shared.messaging.capabilities import CapabilityPublisher
from notechondria_shared.messaging.consumer import Consumer, Subscription
from notechondria_shared.messaging.event_lag import EventLag
from notechondria_shared.messaging.relay import Relay
from notechondria_shared.messaging.retention import EventRetention
from notechondria_shared.messaging.tables import EventTables
from notechondria_shared.observability import status
from notechondria_shared.service import operations
from notechondria_shared.service.chassis import AppSpec, begin_app, finish_app
from notechondria_shared.service.preparation import prepare_schema
from notechondria_shared.storage.media import MediaStore
from notechondria_shared.web.state import ServiceState

logger = logging.getLogger("notechondria.start")

Hook = Callable[[FastAPI], Awaitable[None]]


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
    subscriptions: Callable[[FastAPI], Sequence[Subscription]] = lambda _: ()
    state: type[ServiceState[Any]] = ServiceState
    """What this service shares between its endpoints and its background components."""
    introspector: Callable[[FastAPI], Introspector] | None = None
    """identity answers from its own tables; everybody else asks identity."""
    measure: Hook | None = None
    """Run once the state has started, when metrics are on: what this service counts beside what all count."""

    async def prepare(self, settings: CoreSettings) -> None:
        """Wait for the database and migrate the schema."""
        if not isinstance(settings, ServiceSettings):
            message = f"{self.title} has a schema and needs the settings of one"
            raise TypeError(message)
        await prepare_schema(settings, self.tables.schema, self.migrations)


def create_service_app(settings: ServiceSettings, spec: ServiceSpec) -> FastAPI:
    """A FastAPI application with the chassis around the service's routers."""
    database = Database(settings)
    bus = Bus(settings.service, settings.nats_url.get_secret_value(), settings.nats_replicas)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await database.open()
        shared = app.state
        service = shared.service = spec.state(
            settings=settings,
            database=database,
            bus=bus,
            tables=spec.tables,
            media=shared.media,
            internal_http=shared.internal_http,
            user_http=shared.user_http,
            assertion_key=shared.assertion_key,
            introspector=shared.introspector,
            handlers=shared.handlers,
        )
        parts = _background(app, settings, spec)
        await service.start()
        if spec.measure and settings.metrics:
            await spec.measure(app)
        bus.start()
        for part in parts:
            part.start()
        try:
            yield
        finally:
            # Consumers first (no new effects), the relay last (their events still go out), then the connections.
            for part in parts:
                await part.stop()
            await service.stop()
            await bus.close()
            await app.state.internal_http.aclose()
            await app.state.user_http.aclose()
            await database.close()

    app = begin_app(settings, spec, lifespan)
    state = app.state
    state.database, state.bus, state.event_tables = database, bus, spec.tables
    state.migrations_folder = spec.migrations
    state.revision_query = prepare(select(table("alembic_version", column("version_num"), schema=spec.tables.schema)))
    state.replicas_query = replicas_query(spec.tables.schema)
    state.media = MediaStore(settings.media_location)
    state.introspector = (
        spec.introspector(app)
        if spec.introspector
        else HttpIntrospector(state.internal_http, settings.identity_url, bus, settings.introspection_cache_seconds)
    )
    state.handlers = {}
    app.include_router(operations.readiness)
    app.include_router(operations.operators)
    app.include_router(status.router)
    finish_app(app, settings, spec)
    return app


def _background(app: FastAPI, settings: ServiceSettings, spec: ServiceSpec) -> list[BackgroundComponent]:
    state = app.state
    parts: list[BackgroundComponent] = []
    subscriptions = spec.subscriptions(app)
    state.event_lag = EventLag(state.database, state.bus, spec.tables, subscriptions)
    if settings.metrics:
        parts.append(state.sampler)
    for subscription in subscriptions:
        state.handlers.update(subscription.handlers)
        parts.append(
            Consumer(state.bus, state.database, spec.tables, subscription, list(settings.consumer_backoff_seconds))
        )
    parts.append(CapabilityPublisher(state.bus, spec.capabilities))
    parts.append(EventRetention(state.database, spec.tables, settings.outbox_retention_days))
    parts.append(Relay(state.bus, settings.database_conninfo, spec.tables.schema))
    return parts
