"""What a service forgets of its events in time: sent outbox rows, and inbox rows that no replay can reach any more."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import and_

from notechondria_shared.core.background import Periodic
from notechondria_shared.core.timestamps import now
from notechondria_shared.db.batches import delete_in_batches
from notechondria_shared.db.engine import Database
from notechondria_shared.messaging.tables import EventTables

logger = logging.getLogger("notechondria.events")

EVERY_SECONDS = 3600.0


class EventRetention(Periodic):
    """Runs at the start and then every hour; several replicas may do so side by side.

    Each round goes on until nothing is left that is past its time, so the outbox cannot outgrow it. Dead letters stay
    until an operator replays or discards them.
    """

    task_name = "events.retention"

    def __init__(self, database: Database, tables: EventTables, days: int) -> None:
        super().__init__(EVERY_SECONDS)
        self._database, self._tables = database, tables
        self._retention = timedelta(days=days)

    async def _round(self) -> None:
        outbox, inbox = self._tables.outbox, self._tables.inbox
        sent_long_ago = and_(outbox.c.sent_at.is_not(None), outbox.c.created_at < now() - self._retention)
        sent = await delete_in_batches(self._database, outbox, sent_long_ago)
        # Twice the outbox's time: an event may be replayed on its last day and arrive once more.
        received = await delete_in_batches(self._database, inbox, inbox.c.received_at < now() - 2 * self._retention)
        if sent or received:
            logger.info("events: %d sent and %d received rows are past their time and gone", sent, received)
