"""Looks after each connect whether the bus has what this service needs, and says what it waits for (ADR 0030)."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from nats.errors import Error as NatsError

from notechondria_shared.broker.topology import problems
from notechondria_shared.core.background import Background
from notechondria_shared.messaging.bus import Bus

logger = logging.getLogger("notechondria.bus")
AGAIN_SECONDS = 2.0
EVERY_SECONDS = 300.0


class ProvisioningCheck(Background):
    """Compares the whole configuration of the service's own stream and consumers, which it has no right to change.

    Logs once what is missing or differs, and once that it is right again; asked often only while it is not.
    """

    task_name = "bus.provisioning"

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._connected = asyncio.Event()
        self._logged: list[str] = []
        bus.on_connect(self._on_connect)

    async def _on_connect(self) -> None:
        self._connected.set()

    async def _run(self) -> None:
        while True:
            self._connected.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._connected.wait(), await self._look())

    async def _look(self) -> float:
        """Log what has changed since the last look; the seconds until the next one."""
        if not self._bus.connected:
            return AGAIN_SECONDS
        try:
            said = await problems(self._bus.client, self._bus.service, self._bus.replicas)
        except (NatsError, TimeoutError, OSError) as error:
            logger.debug("bus: configuration not seen: %s", error or type(error).__name__)
            return AGAIN_SECONDS
        if said != self._logged:
            self._logged = said
            if said:
                logger.error(
                    "bus: %s. Waiting for: notechondria events provision (after a loss of the broker's data also: "
                    "notechondria events replay)",
                    "; ".join(said),
                )
            else:
                logger.info("bus: stream and consumers are as they should be")
        return AGAIN_SECONDS if said else EVERY_SECONDS
