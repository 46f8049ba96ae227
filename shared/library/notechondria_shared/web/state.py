"""The parts of a running service with a schema, typed: what endpoints and background components share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from notechondria_contracts.events.event import IntegrationEvent
from notechondria_shared.core.settings import ServiceSettings
from notechondria_shared.db.engine import Database
from notechondria_shared.messaging.bus import Bus
from notechondria_shared.messaging.consumer import Handler
from notechondria_shared.messaging.tables import EventTables
from notechondria_shared.storage.media import MediaStore
from notechondria_shared.web.app_state import AppState

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


@dataclass(kw_only=True)
class ServiceState(AppState[SettingsT], Generic[SettingsT]):
    """What every service with a schema has."""

    database: Database
    bus: Bus
    tables: EventTables
    media: MediaStore
    handlers: dict[type[IntegrationEvent], Handler] = field(default_factory=dict)
    """What this service consumes, for the replay of dead letters."""
