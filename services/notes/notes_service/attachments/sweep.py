"""Files that no row names: left by a failed upload or a deletion that the store refused."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

from sqlalchemy import func, select

from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notechondria_shared.storage.media import MediaStore
from notes_service.attachments import queries
from notes_service.media.uploads import STAGING
from notes_service.notes.files import discard_files

logger = logging.getLogger("notechondria.files")
PREFIXES = (STAGING, "user_upload", "course_media")
# Profile pictures lie in the same store and are identity's.
_OURS = re.compile(rf"{STAGING}/.+|user_upload/user_\d+/notes/.+|user_upload/note_covers/.+|course_media/.+")


async def sweep(database: Database, media: MediaStore, age: timedelta) -> int:
    """Remove orphaned files older than `age`; their number. Nothing while another replica does it."""
    removed = 0
    async with database.transaction() as db:
        if not await db.scalar(select(func.pg_try_advisory_xact_lock(func.hashtext("notes.sweep")))):
            return 0
        limit = now() - age
        for prefix in PREFIXES:
            async for files in media.listing(prefix):
                # Long listings outlast the time a transaction may be idle.
                await db.execute(select(1))
                old = [file.path for file in files if file.last_modified < limit and _OURS.fullmatch(file.path)]
                if old:
                    known = {row["path"] for row in await database.reader.all(queries.KNOWN_FILES, paths=old)}
                    orphans = [path for path in old if path not in known]
                    await discard_files(media, orphans)
                    removed += len(orphans)
    if removed:
        logger.info("files: %d orphans removed", removed)
    return removed
