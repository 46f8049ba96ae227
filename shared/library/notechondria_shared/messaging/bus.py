"""The connection to NATS: always reconnecting, never in the way of a request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from notechondria_shared.broker.connection import Connection
from notechondria_shared.core.background import end

logger = logging.getLogger("notechondria.bus")

RECONNECT_WAIT_SECONDS = 0.25


class Bus:
    """One NATS connection of a service. `connected` is how it is now; listeners are called at changes."""

    def __init__(self, service: str, url: str, replicas: int = 1) -> None:
        self.service = service
        self.replicas = replicas
        """How many servers of a cluster should keep what is stored."""
        self._servers = [one.strip() for one in url.split(",")]
        self._client: Client = Connection()
        self._jetstream = self._client.jetstream(timeout=5)
        self._closing = False
        self._starter: asyncio.Task[None] | None = None
        self._on_connect: list[Callable[[], Awaitable[None]]] = []
        self._on_disconnect: list[Callable[[], None]] = []
        self.violations = 0
        """Permission violations seen; the broker reports them asynchronously, the caller only sees a time-out."""

    @property
    def connected(self) -> bool:
        """True while the broker answers."""
        return self._client.is_connected

    @property
    def client(self) -> Client:
        """The plain client, for core subscriptions."""
        return self._client

    @property
    def jetstream(self) -> JetStreamContext:
        """The JetStream context of the connection; every call is bounded to 5 s."""
        return self._jetstream

    def on_connect(self, listener: Callable[[], Awaitable[None]]) -> None:
        """Call `listener` after each connect and reconnect."""
        self._on_connect.append(listener)

    def on_disconnect(self, listener: Callable[[], None]) -> None:
        """Call `listener` as soon as the connection is lost."""
        self._on_disconnect.append(listener)

    def start(self) -> None:
        """Begin connecting in the background."""
        self._starter = asyncio.create_task(self._connect(), name="bus.connect")

    async def _connect(self) -> None:
        while not self._closing:
            try:
                await self._client.connect(
                    self._servers,
                    name=self.service,
                    inbox_prefix=f"_INBOX_{self.service}".encode(),
                    allow_reconnect=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=RECONNECT_WAIT_SECONDS,  # type: ignore[arg-type]  # fractions work
                    connect_timeout=2,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    error_cb=self._error,
                    disconnected_cb=self._lost,
                    reconnected_cb=self._connected,
                )
            except (NatsError, OSError, TimeoutError) as error:
                logger.warning("bus: cannot connect yet: %s", error or type(error).__name__)
                # A client that failed once keeps half its state; a fresh one starts clean.
                with suppress(Exception):
                    await self._client.close()
                self._client = Connection()
                self._jetstream = self._client.jetstream(timeout=5)
                await asyncio.sleep(RECONNECT_WAIT_SECONDS)
            else:
                await self._connected()
                return

    async def _connected(self) -> None:
        logger.info("bus: connected")
        for listener in self._on_connect:
            try:
                await listener()
            except (NatsError, TimeoutError, OSError) as error:
                logger.warning("bus: %s after connect: %s", getattr(listener, "__qualname__", listener), error)

    async def _lost(self) -> None:
        if not self._closing:
            logger.warning("bus: connection lost, reconnecting")
        for listener in self._on_disconnect:
            listener()

    async def _error(self, error: Exception) -> None:
        if "permissions violation" in str(error).lower():
            self.violations += 1
            logger.error("bus: %s", error)
        elif not self._closing:
            logger.debug("bus: %s", error)

    async def close(self) -> None:
        """Flush what is under way and close."""
        self._closing = True
        if self._starter:
            await end(self._starter)
        if self._client.is_connected:
            with suppress(NatsError, TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(self._client.flush(), 2)
        with suppress(NatsError, TimeoutError):
            await self._client.close()
