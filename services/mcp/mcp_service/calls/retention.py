"""What mcp forgets in time: calls after 90 days, buckets of keys that have gone quiet."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from sqlalchemy import delete, select

from mcp_service.limits.store import forget_idle
from mcp_service.models import Call
from notechondria_shared.background import Background
from notechondria_shared.database import Database
from notechondria_shared.database.batches import in_batches
from notechondria_shared.timestamps import now

logger = logging.getLogger("notechondria.calls")
BATCH = 2_000


async def forget_old(database: Database, days: int) -> int:
    """Delete calls older than `days`, in short transactions; how many went."""
    old = select(Call.id).where(Call.called_at < now() - timedelta(days=days)).order_by(Call.called_at).limit(BATCH)
    gone = delete(Call).where(Call.id.in_(old)).returning(Call.id).execution_options(synchronize_session=False)

    async def remove() -> int:
        async with database.transaction() as session:
            return len((await session.execute(gone)).all())

    return await in_batches(remove, BATCH)


class Retention(Background):
    """Runs at the start and then every hour; several replicas may do so side by side."""

    task_name = "calls.retention"

    def __init__(self, database: Database, days: int, every_seconds: float) -> None:
        self._database, self._days, self._every = database, days, every_seconds

    async def _run(self) -> None:
        while True:
            try:
                if gone := await forget_old(self._database, self._days):
                    logger.info("%d calls older than %d days left the agents' log", gone, self._days)
                await forget_idle(self._database)
            except Exception as error:
                logger.warning("what is old could not be deleted now: %r", error)
            await asyncio.sleep(self._every)
