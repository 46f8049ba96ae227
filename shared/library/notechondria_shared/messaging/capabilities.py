"""Capabilities of what is really deployed (ADR 0009): announced in a key-value bucket, watched by identity."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from pydantic import BaseModel, ValidationError

from notechondria_contracts.services import SERVICES_WITH_SCHEMA
from notechondria_shared.broker.topology import BUCKET, BUCKET_STREAM
from notechondria_shared.core.background import Background
from notechondria_shared.core.timestamps import now
from notechondria_shared.messaging.bus import Bus

logger = logging.getLogger("notechondria.capabilities")

ANNOUNCE_SECONDS = 30.0
WATCH_SECONDS = 15.0
"""Announcements come as they are made; this is for those that were missed, and for what is forgotten."""
RETRY_SECONDS = 0.1
SETTLING_SECONDS = 10.0
"""After a connect services are still announcing themselves."""
SETTLING_WATCH_SECONDS = 1.0
"""In which another server of a cluster may not know yet that announcements are listened to."""
FORGET_AFTER = timedelta(minutes=2)


class CapabilityMessage(BaseModel):
    """The value a service keeps under its name."""

    capabilities: dict[str, int]
    announced_at: datetime


def _key(service: str) -> str:
    """The subject of a service's key in the bucket."""
    return f"$KV.{BUCKET}.{service}"


class CapabilityPublisher(Background):
    """Says every 30 s, and after each connect, what this service can do; two minutes after its end all forget it."""

    task_name = "capabilities.announce"

    def __init__(self, bus: Bus, capabilities: dict[str, int]) -> None:
        self._bus = bus
        self._capabilities = capabilities
        self._connected = asyncio.Event()
        bus.on_connect(self._on_connect)

    async def _on_connect(self) -> None:
        self._connected.set()

    async def _announce(self) -> None:
        announcement = CapabilityMessage(capabilities=self._capabilities, announced_at=now())
        await self._bus.jetstream.publish(_key(self._bus.service), announcement.model_dump_json().encode())

    async def _run(self) -> None:
        while True:
            wait = ANNOUNCE_SECONDS
            if self._bus.connected:
                self._connected.clear()
                try:
                    await self._announce()
                except (NatsError, TimeoutError, OSError) as error:
                    # A cluster that has just begun chooses its leaders first: soon, not in half a minute.
                    wait = RETRY_SECONDS
                    logger.debug("capabilities: %s", error or type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._connected.wait(), wait)


class CapabilityRegistry(Background):
    """What every deployed service announced, from memory; the last known set while the bus is away.

    Announcements come when they are made. What was announced before is read at each connect, and once more each second
    for a while: services that start together announce themselves then.
    """

    task_name = "capabilities.watch"

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._announced: dict[str, CapabilityMessage] = {}
        self._current: dict[str, int] = {}
        self._connected = asyncio.Event()
        self._connected_at = 0.0
        self._subscribed: Client | None = None
        bus.on_connect(self._on_connect)

    async def _on_connect(self) -> None:
        self._connected_at = asyncio.get_running_loop().time()
        if self._subscribed is not self._bus.client:  # the client re-subscribes by itself on a reconnect
            await self._bus.client.subscribe(_key("*"), cb=self._receive)
            self._subscribed = self._bus.client
        self._connected.set()

    async def _receive(self, message: Msg) -> None:
        with suppress(ValidationError):
            announcement = CapabilityMessage.model_validate_json(message.data)
            self._keep({**self._announced, message.subject.rpartition(".")[2]: announcement})

    def _keep(self, announced: dict[str, CapabilityMessage]) -> None:
        self._announced = announced
        self._current = {
            name: version
            for service in SERVICES_WITH_SCHEMA
            if (known := announced.get(service)) is not None and now() - known.announced_at < FORGET_AFTER
            for name, version in known.capabilities.items()
        }

    def current(self) -> dict[str, int]:
        """Capability name to version, over all services that announced themselves in the last two minutes."""
        return dict(self._current)

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            just_connected = clock() - self._connected_at < SETTLING_SECONDS
            wait = SETTLING_WATCH_SECONDS if just_connected else WATCH_SECONDS
            if self._bus.connected:
                self._connected.clear()
                try:
                    self._keep(await self._read())
                except (NatsError, TimeoutError, OSError) as error:
                    if just_connected:  # a cluster that has just begun chooses its leaders first
                        wait = RETRY_SECONDS
                    logger.debug("capabilities: %s", error or type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._connected.wait(), wait)

    async def _read(self) -> dict[str, CapabilityMessage]:
        announced: dict[str, CapabilityMessage] = {}
        for service in SERVICES_WITH_SCHEMA:
            try:
                # Never as a direct answer: the broker is not to send stored bytes as they are (ADR 0030).
                message = await self._bus.jetstream.get_last_msg(BUCKET_STREAM, _key(service), direct=False)
                announced[service] = CapabilityMessage.model_validate_json(message.data or b"")
            except (NotFoundError, ValidationError):
                continue
        return announced
