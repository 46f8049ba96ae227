"""Bodies that arrive too slowly (docs/security.md, "Time").

A client that sends a byte now and then would hold a request, and with it memory and a place, for as long as it likes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from starlette.types import Message, Receive

from notechondria_shared.core.errors import ApiError

GRACE_SECONDS = 20.0
"""For any body; beyond it at least `BYTES_PER_SECOND` must have come on average."""
BYTES_PER_SECOND = 8 * 1024
WAITING_AT_MOST = 300
"""Requests of a process whose bodies are awaited at the same time. Beyond it the longest wait ends."""
TOO_SLOW = "Request ended: Backend.Http/body — it arrived too slowly."


class RequestTimeout(ApiError):
    """408 `{"detail": ...}`: the body did not come in time."""

    def __init__(self) -> None:
        super().__init__({"detail": TOO_SLOW}, status=408)


class SlowBodies:
    """The bodies that one process waits for."""

    def __init__(
        self,
        grace_seconds: float = GRACE_SECONDS,
        bytes_per_second: int = BYTES_PER_SECOND,
        waiting_at_most: int = WAITING_AT_MOST,
    ) -> None:
        self.grace_seconds, self.bytes_per_second = grace_seconds, bytes_per_second
        self._waiting_at_most = waiting_at_most
        self._waiting: OrderedDict[TimedBody, asyncio.Timeout] = OrderedDict()

    @property
    def waiting(self) -> int:
        """Requests whose bodies are awaited."""
        return len(self._waiting)

    def begin(self, body: TimedBody, timeout: asyncio.Timeout) -> None:
        """Count a wait; when there are too many, the body that has been awaited for longest is given up."""
        self._waiting[body] = timeout
        if len(self._waiting) > self._waiting_at_most:
            slowest = min(self._waiting, key=lambda waiting: waiting.began_at)
            self._waiting.pop(slowest).reschedule(asyncio.get_running_loop().time())

    def end(self, body: TimedBody) -> None:
        """The wait is over."""
        self._waiting.pop(body, None)


class TimedBody:
    """`receive` of one request, with a deadline that moves on with what has arrived."""

    def __init__(self, receive: Receive, bodies: SlowBodies) -> None:
        self._receive, self._bodies = receive, bodies
        self.began_at = asyncio.get_running_loop().time()
        self._received = 0
        self._complete = False

    async def __call__(self) -> Message:
        """The next piece; 408 when it does not come in time. After the body: the client's leaving, for ever."""
        if self._complete:
            return await self._receive()
        bodies = self._bodies
        deadline = self.began_at + bodies.grace_seconds + self._received / bodies.bytes_per_second
        try:
            async with asyncio.timeout_at(deadline) as timeout:
                bodies.begin(self, timeout)
                try:
                    message = await self._receive()
                finally:
                    bodies.end(self)
        except TimeoutError:
            self._complete = True
            raise RequestTimeout from None
        self._received += len(message.get("body", b""))
        self._complete = message["type"] != "http.request" or not message.get("more_body", False)
        return message


BODIES = SlowBodies()
"""Of this process, whichever services run in it."""
