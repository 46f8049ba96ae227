"""Files are deleted after the commit that made them superfluous, by rows that the same transaction wrote.

So no transaction waits for the media store, and no file outlives a crash between the commit and its deletion.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.background import Periodic
from notechondria_shared.db.engine import Database
from notechondria_shared.storage.media import MediaStore

logger = logging.getLogger("notechondria.files")

EVERY_SECONDS = 5.0
BATCH = 100


def file_deletions(metadata: MetaData) -> Table:
    """The table of files that are to be deleted; migrations make it in each schema whose service stores files."""
    return Table(
        "file_deletions",
        metadata,
        Column("id", BigInteger, primary_key=True),
        Column("path", Text, nullable=False, index=True),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )


class FileDeletions(Periodic):
    """Deletes queued files: at once when asked after a commit, and again and again until the store lets us.

    Replicas may do the same work side by side: a file that is gone counts as deleted.
    """

    task_name = "files.delete"

    def __init__(self, database: Database, media: MediaStore, table: Table) -> None:
        super().__init__(EVERY_SECONDS)
        self._database, self._media, self._table = database, media, table

    async def delete(self, paths: Sequence[str]) -> None:
        """Delete what a transaction that has just committed queued. What cannot be deleted now is tried again later."""
        if done := [path for path in paths if await self._remove(path)]:
            async with self._database.transaction() as db:
                await db.execute(delete(self._table).where(self._table.c.path.in_(done)))

    async def _round(self) -> None:
        last = 0
        while True:
            async with self._database.transaction() as db:
                table = self._table
                queued = await db.execute(
                    select(table.c.id, table.c.path).where(table.c.id > last).order_by(table.c.id).limit(BATCH)
                )
                rows = queued.all()
            await self.delete([row.path for row in rows])
            if len(rows) < BATCH:
                return
            last = rows[-1].id

    async def _remove(self, path: str) -> bool:
        """Delete a file, or a folder (a path with a slash at its end); False when the store does not let us."""
        try:
            if path.endswith("/"):
                await self._media.delete_under(path.rstrip("/"))
            else:
                await self._media.delete(path)
        except Exception:
            logger.exception("a file could not be deleted and will be tried again: %s", path)
            return False
        return True


async def queue_deletions(db: AsyncSession, table: Table, paths: Sequence[str]) -> None:
    """Have files, and folders (paths with a slash at their end), deleted after the commit."""
    if paths:
        await db.execute(insert(table), [{"path": path} for path in paths])
