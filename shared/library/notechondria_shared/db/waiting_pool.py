"""The write pool of a service whose waiting requests are counted; used when metrics are on."""

from __future__ import annotations

from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry


class WaitingPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool for asyncio, which does not report by itself how many wait for a connection."""

    waiting = 0
    """Requests that wait right now, or connect for the first time."""

    def _do_get(self) -> ConnectionPoolEntry:
        self.waiting += 1
        try:
            return super()._do_get()
        finally:
            self.waiting -= 1
