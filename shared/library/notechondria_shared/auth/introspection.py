"""Introspection: identity's answer about a credential, cached until it is revoked (ADR 0005)."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Protocol

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from notechondria_contracts.clients.base import AUDIENCE
from notechondria_shared.auth.credentials import Credential, Kind
from notechondria_shared.core.errors import Unavailable

if TYPE_CHECKING:
    # A service without a bus does not load its library.
    from nats.aio.client import Client
    from nats.aio.msg import Msg

    from notechondria_shared.messaging.bus import Bus

logger = logging.getLogger("notechondria.auth")
CACHE_ENTRIES = 50_000
REVOCATION_SUBJECTS = (
    "identity.session.revoked",
    "identity.api_key.rotated",
    "identity.access_token.revoked",
    "identity.user.>",
)
"""Events that every replica consumes directly, without JetStream: each has a cache of its own."""
STALE_SECONDS = 120.0
"""So long an answer still counts after its time while identity cannot be reached: what revokes it comes by the bus."""
RESTART_SECONDS = 1.5
"""So long a question waits for an identity that refuses connections, as one that is restarting does."""
READ_RESTART_SECONDS = 10.0
"""The same for a request that only reads: it waits for identity as it does for its own service (apps §1)."""
AWAY = "Sign-in cannot be checked right now: Backend.Auth/introspect — the identity service is not reachable."


class Introspection(BaseModel):
    """What identity says of a credential (`POST /internal/introspect`)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    active: bool
    reason: str = ""
    """Why it is not active: `unknown`, `expired`, `revoked` or `disabled`; only for logs and the disabled text."""
    kind: Kind = "session"
    user_id: int = 0
    username: str = ""
    image_path: str = ""
    editor_mode: str = "P"
    is_staff: bool = False
    is_superuser: bool = False
    timezone: str = ""
    """The person's zone in the IANA database; "" while it is not known."""
    scopes: list[str] = []
    audience: str = ""
    """Of a program's access token: at which resource it counts, `mcp` or `api` (RFC 8707 §2); "" otherwise."""
    credential_id: int | None = None
    expires_in: float | None = None
    """Seconds until the credential ends by itself (a key's or token's expiry, a session's third day); None = never."""
    assertions: dict[str, str] = {}
    """For the services at which the one that asks acts in its users' name (`ACTS_AT`), an assertion each."""


class Introspector(Protocol):
    """Asks what a credential stands for; raises `Unavailable` when nobody can answer."""

    async def introspect(self, credential: Credential, *, patience: float = RESTART_SECONDS) -> Introspection:
        """The answer of identity, possibly from the cache. `patience`: seconds to wait for one that restarts."""
        ...


class HttpIntrospector:
    """Asks identity over HTTP. Active answers are cached while the bus, which brings revocations, is connected.

    Without a bus every answer is asked for.
    """

    def __init__(
        self, http: httpx.AsyncClient, identity_url: str, bus: Bus | None = None, seconds: float = 0.0
    ) -> None:
        self._http, self._url, self._bus, self._seconds = http, f"{identity_url}/internal/introspect", bus, seconds
        # Digest to (fresh until, usable until, answer).
        self._cache: OrderedDict[str, tuple[float, float, Introspection]] = OrderedDict()
        # Grows with every revocation: an answer asked for before one and received after it is not kept.
        self._generation = 0
        self._subscribed: Client | None = None
        if bus is not None:
            bus.on_disconnect(self.clear)
            bus.on_connect(partial(self._listen, bus))

    async def _listen(self, bus: Bus) -> None:
        self.clear()
        if self._subscribed is bus.client:
            return  # the client re-subscribes by itself on a reconnect
        for subject in REVOCATION_SUBJECTS:
            await bus.client.subscribe(subject, cb=self._revoked)
        await bus.client.flush()
        self._subscribed = bus.client

    async def _revoked(self, message: Msg) -> None:
        """Drop the cached introspections of the sessions, keys or user that the event names."""
        self._generation += 1
        try:
            data = json.loads(message.data)["data"]
            digests, user_id = set(data.get("digests", ())), data.get("user_id")
        except (ValueError, KeyError, TypeError, AttributeError):
            self._cache.clear()
            return
        for known in [
            key
            for key, (_, _, answer) in self._cache.items()
            if key in digests or (not digests and answer.user_id == user_id)
        ]:
            del self._cache[known]

    def clear(self) -> None:
        """Forget every answer."""
        self._generation += 1
        self._cache.clear()

    def cached(self, credential: Credential) -> Introspection | None:
        """The answer that is kept and still counts."""
        known = self._cache.get(credential.digest)
        return known[2] if known and known[0] > time.monotonic() else None

    async def introspect(self, credential: Credential, *, patience: float = RESTART_SECONDS) -> Introspection:
        """The answer for a credential; `Unavailable` when identity cannot be reached."""
        if cached := self.cached(credential):
            return cached
        generation = self._generation
        try:
            answer = await self._ask(credential, patience)
        except Unavailable:
            known = self._cache.get(credential.digest)  # looked up again: it may have been revoked meanwhile
            if known and known[1] > time.monotonic():
                return known[2]
            raise
        connected = self._bus is not None and self._bus.connected
        if answer.active and connected and generation == self._generation and self._seconds > 0:
            ends = math.inf if answer.expires_in is None else answer.expires_in
            at = time.monotonic()
            fresh, usable = min(self._seconds, ends), min(self._seconds + STALE_SECONDS, ends)
            self._cache[credential.digest] = (at + fresh, at + usable, answer)
            self._cache.move_to_end(credential.digest)
            if len(self._cache) > CACHE_ENTRIES:
                self._cache.popitem(last=False)
        return answer

    async def _ask(self, credential: Credential, patience: float) -> Introspection:
        question = {"kind": credential.kind, "digest": credential.digest}
        deadline = time.monotonic() + patience
        try:
            while True:
                try:
                    answer = await self._http.post(self._url, json=question, extensions={AUDIENCE: "identity"})
                    break
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    if time.monotonic() > deadline:
                        raise
                    await asyncio.sleep(0.1)
            answer.raise_for_status()
            return Introspection.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError) as error:
            logger.warning("introspection failed: %r", error)
            raise Unavailable(AWAY) from error
