"""A connection to the bus as one of its users, and whether the broker refuses what it tries."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable

import nats
from nats.aio.client import Client
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.client import JetStreamContext

from notechondria_launcher.stack import Stack


class BusUser:
    """A connection of one user; ``refused`` collects what the server complains about."""

    def __init__(self, client: Client, refused: list[str], forbidden: asyncio.Event) -> None:
        self.client = client
        self.refused = refused
        self.js: JetStreamContext = client.jetstream(timeout=5)
        self._forbidden = forbidden

    async def is_refused(self, call: Awaitable[object]) -> bool:
        """Return whether the server forbids the call; the reason comes by itself, and an answer never does."""
        self.refused.clear()
        self._forbidden.clear()
        answer, forbidden = asyncio.ensure_future(call), asyncio.create_task(self._forbidden.wait())
        await asyncio.wait({answer, forbidden}, return_when=asyncio.FIRST_COMPLETED)
        for task in (answer, forbidden):
            task.cancel()
        with contextlib.suppress(NatsTimeoutError, asyncio.CancelledError):
            await answer
        await self.client.flush()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._forbidden.wait(), 0.05)
        return self._forbidden.is_set()


@contextlib.asynccontextmanager
async def connected(stack: Stack, user: str, prefix: str | None = None) -> AsyncIterator[BusUser]:
    """Connect as a user with its own inbox."""
    refused: list[str] = []
    forbidden = asyncio.Event()

    async def on_error(error: Exception) -> None:
        refused.append(str(error).lower())
        if "permissions violation" in refused[-1]:
            forbidden.set()

    client = await nats.connect(
        stack.nats_url(user), error_cb=on_error, inbox_prefix=(prefix or f"_INBOX_{user}").encode()
    )
    try:
        yield BusUser(client, refused, forbidden)
    finally:
        await client.close()
