"""The HTTP server's connections, with an end for those who do not read (docs/security.md, "Time")."""

from __future__ import annotations

import asyncio
import logging

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

logger = logging.getLogger("notechondria.http")


class TimedProtocol(HttpToolsProtocol):
    """Ends a connection whose peer takes in nothing for a while; an answer would hold it, and its file, for ever.

    The server stops writing when some 64 KiB wait and goes on when they are gone: between the two a clock runs.
    """

    read_seconds = 60.0
    """Of this process, set by `begin_app`: workers import the class by its name, it cannot be made for a setting."""
    _clock: asyncio.TimerHandle | None = None

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
