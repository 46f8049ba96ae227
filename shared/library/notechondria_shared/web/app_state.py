"""The parts that every running service has, also one without a schema and a bus."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

import httpx

from notechondria_shared.auth.assertion import ServiceKeys
from notechondria_shared.auth.introspection import HttpIntrospector, Introspector
from notechondria_shared.auth.state import AuthState
from notechondria_shared.core.background import Background
from notechondria_shared.core.keys import PublicKeys, SigningKey
from notechondria_shared.core.settings import CoreSettings
from notechondria_shared.web.clients import internal_client, user_client

if TYPE_CHECKING:
    # A service without a schema loads neither a database driver nor the bus.
    from notechondria_shared.db.reader import PoolUse
    from notechondria_shared.messaging.event_lag import EventLag

CoreSettingsT = TypeVar("CoreSettingsT", bound=CoreSettings)


@dataclass(kw_only=True)
class AppState(AuthState, Generic[CoreSettingsT]):
    """What every service has. A service adds its own parts as fields that `start` makes and `stop` ends.

    Made with the application, as its `app.state.service`, and started by the lifespan. `state_of` finds it; endpoints
    get it through the aliases of the service's `dependencies.py`.
    """

    settings: CoreSettingsT
    capabilities: Mapping[str, int]
    """What the handshake shows of this service (identity §6.1)."""
    internal_http: httpx.AsyncClient = field(init=False)
    """For `/internal/*` of other services."""
    user_http: httpx.AsyncClient = field(init=False)
    """For the public endpoints of other services, on a user's behalf."""
    samples: list[Callable[[], None]] = field(default_factory=list)
    """What sets the gauges of this process, when metrics are on."""
    sampler: Background | None = None
    """What runs the samples, when metrics are on."""

    def __post_init__(self) -> None:
        """Make the parts that need no event loop."""
        settings = self.settings
        self.keys = ServiceKeys(
            settings.service,
            SigningKey(settings.service_key.get_secret_value()),
            PublicKeys(settings.service_public_keys),
        )
        self.internal_http = internal_client(self.keys.calls)
        self.user_http = user_client()
        self.introspector = self.make_introspector()

    def make_introspector(self) -> Introspector:
        """What says whose a credential is: identity, asked each time, since without a bus nobody says when one is
        revoked."""
        return HttpIntrospector(self.internal_http, self.settings.identity_url)

    async def start(self) -> None:
        """Make and start what the service has beside its requests; called before the first of them."""

    async def stop(self) -> None:
        """End what `start` began; called after the consumers stopped."""

    def measure(self) -> None:
        """Count what this service adds to what all count; called after `start`, when metrics are on."""

    def pools(self) -> Mapping[str, PoolUse]:
        """How busy the pools of connections are, by name; a service without a schema has none."""
        return {}

    def lag(self) -> EventLag | None:
        """What asks how far events are behind; None without a schema and a bus."""
        return None

    async def close_clients(self) -> None:
        """Close the HTTP clients; the last but the database."""
        await self.internal_http.aclose()
        await self.user_http.aclose()
