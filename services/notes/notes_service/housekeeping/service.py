"""Periodic work: the retention of the recycle bin, the sweep of orphaned files and of words that no note holds."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from notechondria_shared.core.background import Periodic
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notechondria_shared.db.batches import in_batches
from notechondria_shared.storage.deletions import FileDeletions
from notechondria_shared.storage.media import MediaStore
from notes_service.attachments.sweep import sweep
from notes_service.recycle_bin.service import BATCH, purge_older
from notes_service.search.unused_words import remove_unused
from notes_service.settings import NotesSettings

logger = logging.getLogger("notechondria.housekeeping")

FIRST_SWEEP_SECONDS = 3600.0
"""After a start; else a service that is started anew every day would never sweep."""
WORDS_SECONDS = 300.0
"""Between two looks at words, however short the rounds are: each looks at all words of some authors."""


class Housekeeper(Periodic):
    """Purges and sweeps. Replicas agree by an advisory lock on which of them purges."""

    task_name = "housekeeping"

    def __init__(
        self, settings: NotesSettings, database: Database, media: MediaStore, file_deletions: FileDeletions
    ) -> None:
        self._settings, self._database, self._media = settings, database, media
        self._file_deletions = file_deletions
        self._sweep_at = time.monotonic() + min(FIRST_SWEEP_SECONDS, self._settings.orphan_sweep_seconds)
        self._words_seen = 0
        self._words_at = time.monotonic() + WORDS_SECONDS
        super().__init__(self._settings.housekeeping_seconds)

    async def _round(self) -> None:
        await self.retain()
        if time.monotonic() >= self._words_at:
            _, self._words_seen = await remove_unused(self._database, self._words_seen)
            self._words_at = time.monotonic() + WORDS_SECONDS
        if time.monotonic() >= self._sweep_at:
            await sweep(self._database, self._media, timedelta(seconds=self._settings.orphan_age_seconds))
            self._sweep_at = time.monotonic() + self._settings.orphan_sweep_seconds

    async def retain(self) -> int:
        """Purge what is in the recycle bin for longer than RECYCLE_BIN_RETENTION_DAYS; the number of notes."""
        days = self._settings.recycle_bin_retention_days

        async def purge() -> int:
            async with self._database.transaction() as db:
                count, paths = await purge_older(db, now() - timedelta(days=days))
            await self._file_deletions.delete(paths)
            return count

        removed = await in_batches(purge, BATCH) if days else 0
        if removed:
            logger.info("housekeeping: %d notes left the recycle bin for good", removed)
        return removed
