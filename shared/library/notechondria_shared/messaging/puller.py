"""Events of a durable consumer, many at a time: they gather as they come, and are handed over together.

The library's own `fetch` waits for each event by itself: two tasks, a time-out and a random number, a fifth of what
planner spends on one (docs/operations.md, "Writes and events"). Here a request has one time-out, and what comes goes
into a queue. The request is JetStream's (https://docs.nats.io/reference/reference-protocols/nats_api_reference).
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

_QUIET = frozenset({"404", "408"})
"""The broker's statuses for a request that ends with fewer events than it is for, or with none."""
_LATE_SECONDS = 0.5
"""The broker says when a request ends; so much later it counts as ended without its word."""


class Puller:
    """Asks for events of one consumer, one request after the other."""

    def __init__(self, client: Client, stream: str, durable: str) -> None:
        self._client = client
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = client.new_inbox()
        self._subscription: Subscription | None = None
        self._arrived: deque[Msg] = deque()
        self._number = 0
        self._size = 0
        self._status = ""
        self._ended = asyncio.Event()

    async def open(self) -> None:
        """Begin to take in what is asked for."""
        self._subscription = await self._client.subscribe(f"{self._inbox}.*", cb=self._take)

    async def close(self) -> None:
        """Take in no more; the broker gives to another what is not acknowledged."""
        if self._subscription is not None:
            await self._subscription.unsubscribe()

    async def fetch(self, size: int, seconds: float) -> list[Msg]:
        """The next events, `size` of them or as many as come in that time; TimeoutError when none does."""
        # What came too late for its request comes first.
        if not self._arrived:
            await self._ask(size, seconds)
        if not self._arrived:
            raise TimeoutError
        return [self._arrived.popleft() for _ in range(min(size, len(self._arrived)))]

    async def _ask(self, size: int, seconds: float) -> None:
        self._number += 1
        self._size, self._status = size, ""
        self._ended.clear()
        body = json.dumps({"batch": size, "expires": int(seconds * 1_000_000_000)})
        await self._client.publish(self._subject, body.encode(), reply=self._reply)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds + _LATE_SECONDS):
                await self._ended.wait()
        if self._status and self._status not in _QUIET and not self._arrived:
            message = f"the request for events ended with {self._status}"
            raise NatsError(message)

    @property
    def _reply(self) -> str:
        return f"{self._inbox}.{self._number}"

    async def _take(self, message: Msg) -> None:
        """An event, which names where it is acknowledged, or the end of a request."""
        if message.reply:
            self._arrived.append(message)
            if len(self._arrived) >= self._size:
                self._ended.set()
        elif message.subject == self._reply:
            self._status = (message.headers or {}).get("Status", "")
            self._ended.set()
