"""The pools that sessions take their connections from."""

from __future__ import annotations

import time

from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry
from sqlalchemy.util import greenlet_spawn
from sqlalchemy.util.queue import Empty

from notechondria_shared.core.background import Periodic

KEPT_SECONDS = 60
"""A connection that nobody has needed for so long is closed: its process of Postgres holds 1.6 MiB."""
LOOK_SECONDS = 20


class WritePool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool for asyncio, which by itself keeps every connection that it has ever opened.

    It has to be one with `pool_use_lifo`: the connection that came back last is the next to go out, so that those which
    are not needed rest.
    """

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        record.info["returned"] = time.monotonic()
        super()._do_return_conn(record)

    async def close_idle(self, seconds: float) -> int:
        """Close the connections that have been unused for that long; how many."""
        idle: list[ConnectionPoolEntry] = []
        kept: list[ConnectionPoolEntry] = []
        since = time.monotonic() - seconds
        # Nothing is awaited until the others are back: whoever wants one meanwhile would be refused.
        try:
            while True:
                record = self._pool.get(False)
                (idle if record.info.get("returned", since) <= since else kept).append(record)
        except Empty:
            for record in reversed(kept):
                self._pool.put(record, False)
            for _ in idle:
                self._dec_overflow()
        for record in idle:
            await greenlet_spawn(record.close)
        return len(idle)


class WaitingPool(WritePool):
    """One whose waiting requests are counted, which SQLAlchemy does not report; used when metrics are on."""

    waiting = 0
    """Requests that wait right now, or connect for the first time."""

    def _do_get(self) -> ConnectionPoolEntry:
        self.waiting += 1
        try:
            return super()._do_get()
        finally:
            self.waiting -= 1


class IdleConnections(Periodic):
    """Closes what a pool has no use for."""

    task_name = "idle connections"

    def __init__(self, pool: WritePool) -> None:
        super().__init__(LOOK_SECONDS)
        self._pool = pool

    async def _round(self) -> None:
        await self._pool.close_idle(KEPT_SECONDS)
