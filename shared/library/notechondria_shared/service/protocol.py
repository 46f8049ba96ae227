"""The HTTP server's connections: an end for those who do not read (docs/security.md, "Time"), one packet per answer."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

logger = logging.getLogger("notechondria.http")


JOINED_BYTES = 64 * 1024
"""More than this is written as it comes: putting it together would cost more than a second packet."""


class JoiningTransport:
    """A connection that sends what is written first together with what follows it at once.

    uvicorn writes the head of an answer and its body one after the other, and each write is a call of the system that
    wakes the gateway: together they take 0.2 ms less of it and as much of the gateway (docs/operations.md, "MCP,
    gateway, memory"). What is not followed by anything leaves before the loop goes on.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._held = b""

    def write(self, data: bytes) -> None:
        """Send, or hold what others may follow."""
        if self._held:
            held, self._held = self._held, b""
            if len(data) <= JOINED_BYTES:
                data = held + data
            else:
                self._transport.write(held)
        elif len(data) <= JOINED_BYTES:
            self._held = data
            self._loop.call_soon(self._flush)
            return
        self._transport.write(data)

    def close(self) -> None:
        """Send what is held, then close."""
        self._flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)


class TimedProtocol(HttpToolsProtocol):
    """Ends a connection whose peer takes in nothing for a while; an answer would hold it, and its file, for ever.

    The server stops writing when some 64 KiB wait and goes on when they are gone: between the two a clock runs.
    """

    read_seconds = 60.0
    """Of this process, set by `begin_app`: workers import the class by its name, it cannot be made for a setting."""
    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It stands."""
        super().connection_made(cast("asyncio.Transport", JoiningTransport(transport, self.loop)))

    def pause_writing(self) -> None:
        """The peer is behind."""
        super().pause_writing()
        if self._clock is None:
            self._clock = self.loop.call_later(self.read_seconds, self._give_up)

    def resume_writing(self) -> None:
        """The peer has taken in what waited."""
        self._stop_clock()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, whoever ended it."""
        self._stop_clock()
        super().connection_lost(exc)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _give_up(self) -> None:
        logger.warning("an answer was not read for %.0f s, its connection ends", self.read_seconds)
        self.transport.abort()
