"""The parts of a running service with a schema, typed: what endpoints and background components share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from sqlalchemy import column, select, table

from notechondria_contracts.events.event import IntegrationEvent
from notechondria_shared.auth.introspection import HttpIntrospector, Introspector
from notechondria_shared.core.settings import ServiceSettings
from notechondria_shared.db.engine import Database
from notechondria_shared.db.reader import PoolUse, prepare_scalar
from notechondria_shared.db.replica import Replica, alive, replicas_query
from notechondria_shared.db.storage import storage_query
from notechondria_shared.messaging.bus import Bus
from notechondria_shared.messaging.consumer import Handler, Subscription
from notechondria_shared.messaging.event_lag import EventLag
from notechondria_shared.messaging.tables import EventTables
from notechondria_shared.storage.media import MediaStore
from notechondria_shared.web.app_state import AppState

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


@dataclass(kw_only=True)
class ServiceState(AppState[SettingsT], Generic[SettingsT]):
    """What every service with a schema has."""

    tables: EventTables
    migrations: Path
    """The folder of the schema's migrations."""
    database: Database = field(init=False)
    bus: Bus = field(init=False)
    media: MediaStore = field(init=False)
    consumed: Sequence[Subscription] = field(init=False)
    handlers: Mapping[type[IntegrationEvent], Handler] = field(init=False)
    """Those of all subscriptions, for the replay of dead letters."""
    event_lag: EventLag = field(init=False)

    def __post_init__(self) -> None:
        """Make the parts that need no event loop."""
        settings = self.settings
        self.database = Database(settings)
        self.bus = Bus(settings.service, settings.nats_url.get_secret_value(), settings.nats_replicas)
        self.media = MediaStore(settings.media_location)
        super().__post_init__()
        self.consumed = self.subscriptions()
        self.handlers = {kind: handler for one in self.consumed for kind, handler in one.handlers.items()}
        self.event_lag = EventLag(self.database, self.bus, self.tables, self.consumed)
        schema = self.tables.schema
        self._revision = prepare_scalar(select(table("alembic_version", column("version_num"), schema=schema)), str)
        self._replicas = replicas_query(schema)
        self._storage = storage_query(schema)

    def make_introspector(self) -> Introspector:
        """Identity, its answers kept for seconds (ADR 0005)."""
        settings = self.settings
        return HttpIntrospector(
            self.internal_http, settings.identity_url, self.bus, settings.introspection_cache_seconds
        )

    def subscriptions(self) -> Sequence[Subscription]:
        """The events that the service consumes."""
        return ()

    async def revision(self) -> str | None:
        """The migration that the schema is at; raises `Unavailable` without a database."""
        return await self.database.reader.value(self._revision)

    async def replicas(self) -> list[Replica]:
        """The replicas of this service that live (ADR 0027); raises `Unavailable` without a database."""
        return await alive(self.database.reader, self._replicas)

    async def storage_bytes(self) -> int | None:
        """What the tables and indexes of the schema take up; raises `Unavailable` without a database."""
        return await self.database.reader.value(self._storage)

    def pools(self) -> Mapping[str, PoolUse]:
        """Those that read and write the database."""
        return self.database.pools()

    def lag(self) -> EventLag:
        """What asks database and bus."""
        return self.event_lag
