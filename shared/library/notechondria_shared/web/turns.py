"""Costly reads of one person come one after the other: whoever asks for ten long lists at once waits, nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fastapi import Request

from notechondria_shared.core.errors import Unavailable
from notechondria_shared.core.forwarded import client_address, client_network

MOST = 32
"""Of one person that have a turn or wait for one; beyond it 503."""
FULL = "Not read: Backend.Read/turn — too many long lists and searches of yours are under way; try again in a moment."


@dataclass(slots=True)
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    asked: int = 0


class Turns:
    """A turn at a time for each person, in the order in which they asked."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def of(self, request: Request, user_id: int) -> AsyncIterator[None]:
        """The turn of a caller, until the block ends; anonymous ones (0) count by their network."""
        who = str(user_id) if user_id else client_network(client_address(request))
        line = self._lines.setdefault(who, _Line())
        if line.asked >= self._most:
            raise Unavailable(FULL)
        line.asked += 1
        try:
            async with line.lock:
                yield
        finally:
            line.asked -= 1
            if not line.asked:
                del self._lines[who]
