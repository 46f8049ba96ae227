"""What notes does by itself from time to time: the retention of the recycle bin, the sweep of orphaned files."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from fastapi import FastAPI

from notechondria_shared.background import Background
from notechondria_shared.database import Database
from notechondria_shared.database.batches import in_batches
from notechondria_shared.storage import MediaStore
from notechondria_shared.timestamps import now
from notes_service.attachments.sweep import sweep
from notes_service.notes.files import discard_files
from notes_service.recycle_bin.service import BATCH, purge_older
from notes_service.settings import NotesSettings

logger = logging.getLogger("notechondria.housekeeping")


class Housekeeper(Background):
    """A background task; replicas agree by advisory locks on which of them does a round."""

    task_name = "housekeeping"

    def __init__(self, app: FastAPI) -> None:
        self._settings: NotesSettings = app.state.settings
        self._database: Database = app.state.database
        self._media: MediaStore = app.state.media

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        swept = loop.time()
        while True:
            await asyncio.sleep(self._settings.housekeeping_seconds)
            try:
                await self.retain()
                if loop.time() - swept >= self._settings.orphan_sweep_seconds:
                    await sweep(self._database, self._media, timedelta(seconds=self._settings.orphan_age_seconds))
                    swept = loop.time()
            except Exception:
                # The database or the store is away; the next round does what is left.
                logger.exception("housekeeping: this round failed")

    async def retain(self) -> int:
        """Purge what lay in the recycle bin for longer than RECYCLE_BIN_RETENTION_DAYS; the number of notes."""
        days = self._settings.recycle_bin_retention_days

        async def purge() -> int:
            async with self._database.transaction() as session:
                count, paths = await purge_older(session, now() - timedelta(days=days))
            await discard_files(self._media, paths)
            return count

        removed = await in_batches(purge, BATCH) if days else 0
        if removed:
            logger.info("housekeeping: %d notes left the recycle bin for good", removed)
        return removed
