"""The parts that every running service has, also one without a schema and a bus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx

from notechondria_shared.auth.state import AuthState
from notechondria_shared.core.settings import CoreSettings

CoreSettingsT = TypeVar("CoreSettingsT", bound=CoreSettings)


@dataclass(kw_only=True)
class AppState(AuthState, Generic[CoreSettingsT]):
    """What every service has. A service adds its own parts as fields that `start` makes and `stop` ends.

    Made once, by the lifespan. Endpoints get it through the aliases of the service's `dependencies.py`.
    """

    settings: CoreSettingsT
    internal_http: httpx.AsyncClient
    """For `/internal/*` of other services."""
    user_http: httpx.AsyncClient
    """For the public endpoints of other services, on a user's behalf."""

    async def start(self) -> None:
        """Make and start what the service has beside its requests; called before the first of them."""

    async def stop(self) -> None:
        """End what `start` began; called after the consumers stopped."""
