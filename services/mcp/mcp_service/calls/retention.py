"""Deletes what is old: calls after 90 days, rate limit buckets that nobody asked for."""

from __future__ import annotations

import logging
from datetime import timedelta

from mcp_service.models import RATE_BUCKETS, Call, UndoRun
from notechondria_shared.core.background import Periodic
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notechondria_shared.db.batches import delete_in_batches
from notechondria_shared.web.rate_limit import delete_idle

logger = logging.getLogger("notechondria.calls")

EVERY_SECONDS = 3600.0


class Retention(Periodic):
    """Runs at the start and then every hour; several replicas may do so side by side."""

    task_name = "calls.retention"

    def __init__(self, database: Database, days: int) -> None:
        super().__init__(EVERY_SECONDS)
        self._database, self._days = database, days

    async def _round(self) -> None:
        since = now() - timedelta(days=self._days)
        old = Call.called_at < since
        if gone := await delete_in_batches(self._database, Call, old):
            logger.info("%d calls older than %d days left the agents' log", gone, self._days)
        await delete_in_batches(self._database, UndoRun, UndoRun.seen_at < since)
        await delete_idle(self._database, RATE_BUCKETS)
