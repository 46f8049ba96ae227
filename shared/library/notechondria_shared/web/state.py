"""The parts of a running service, typed: what endpoints and background components share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx

from notechondria_contracts.events.event import IntegrationEvent
from notechondria_shared.auth.state import AuthState
from notechondria_shared.core.settings import ServiceSettings
from notechondria_shared.db.engine import Database
from notechondria_shared.messaging.bus import Bus
from notechondria_shared.messaging.consumer import Handler
from notechondria_shared.messaging.tables import EventTables
from notechondria_shared.storage.media import MediaStore

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


@dataclass(kw_only=True)
class ServiceState(AuthState, Generic[SettingsT]):
    """What every service has. A service adds its own parts as fields that `start` makes and `stop` ends.

    Made once, by the lifespan. Endpoints get it through the aliases of the service's `dependencies.py`.
    """

    settings: SettingsT
    database: Database
    bus: Bus
    tables: EventTables
    media: MediaStore
    internal_http: httpx.AsyncClient
    """For `/internal/*` of other services."""
    user_http: httpx.AsyncClient
    """For the public endpoints of other services, on a user's behalf."""
    handlers: dict[type[IntegrationEvent], Handler] = field(default_factory=dict)
    """What this service consumes, for the replay of dead letters."""

    async def start(self) -> None:
        """Make and start what the service has beside its requests; called before the first of them."""

    async def stop(self) -> None:
        """End what `start` began; called after the consumers stopped."""


AnyState = ServiceState[Any]
