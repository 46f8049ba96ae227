"""How many requests a key may make, counted over all replicas.

The bucket stands in Postgres (`limits.store`). So that not every request writes there, a replica takes a twentieth of a
minute's worth at a time and hands it out from memory.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from mcp_service.limits.store import lease
from notechondria_shared.db import Database

logger = logging.getLogger("notechondria.limits")
SHARES = 20
"""A replica takes one part in so many at a time: as far may a key be off its limit per further replica."""
KEPT_SECONDS = 60.0
"""What a replica took and did not hand out is given up after so long."""
PATIENCE_SECONDS = 1.0
REMEMBERED = 50_000


@dataclass(slots=True)
class _Share:
    """What this replica may still hand out for a key."""

    tokens: int = 0
    until: float = 0.0
    refused_until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class TokenBuckets:
    """A bucket per key that holds a minute's worth and fills evenly. 0 per minute: no limit.

    While the database is away each replica hands out an even flow of the same rate by itself.
    """

    def __init__(self, database: Database, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._per_minute, self._clock = database, per_minute, clock
        self._at_once = max(1, per_minute // SHARES)
        self._shares: OrderedDict[str, _Share] = OrderedDict()

    async def take(self, digest: str) -> int:
        """0 when a request was left for the key of this digest, else the seconds until the next one, rounded up."""
        if self._per_minute <= 0:
            return 0
        share = self._shares.setdefault(digest, _Share())
        self._shares.move_to_end(digest)
        if len(self._shares) > REMEMBERED:
            self._shares.popitem(last=False)
        async with share.lock:
            at = self._clock()
            if share.until <= at:
                share.tokens = 0
            if not share.tokens and share.refused_until <= at:
                await self._refill(digest, share, at)
            if not share.tokens:
                return max(1, math.ceil(share.refused_until - at))
            share.tokens -= 1
            return 0

    async def _refill(self, digest: str, share: _Share, at: float) -> None:
        rate = self._per_minute / 60
        share.until, share.refused_until = at + KEPT_SECONDS, at
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                share.tokens, left = await lease(self._database, digest, self._per_minute, self._at_once)
        except Exception as error:
            # Not worth refusing anybody: until the next share is due by the clock, this one must do.
            logger.warning("limits are counted by this replica alone: %r", error)
            share.tokens, share.refused_until = self._at_once, at + self._at_once / rate
            return
        if not share.tokens:
            # Whole seconds, as the client is told: a client that hammers costs one look a second.
            share.refused_until = at + max(1, math.ceil((1 - left) / rate))
