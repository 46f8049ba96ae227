"""Files that no row names: left by a failed upload or a deletion that the store refused."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

from sqlalchemy import delete

from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notechondria_shared.storage.media import MediaStore
from notes_service.attachments import queries
from notes_service.media.uploads import STAGING
from notes_service.models import FileClaim

logger = logging.getLogger("notechondria.files")
PREFIXES = (STAGING, "user_upload", "course_media")
# Profile pictures are in the same store and belong to identity.
_OURS = re.compile(rf"{STAGING}/.+|user_upload/user_\d+/notes/.+|user_upload/note_covers/.+|course_media/.+")


async def sweep(database: Database, media: MediaStore, age: timedelta) -> int:
    """Remove orphaned files older than `age`, and claims of uploads that never ended; the number of files.

    Replicas may do it side by side: a file that is gone counts as removed.
    """
    removed, limit = 0, now() - age
    for prefix in PREFIXES:
        async for files in media.listing(prefix):
            old = [file.path for file in files if file.last_modified < limit and _OURS.fullmatch(file.path)]
            if not old:
                continue
            known = set(await database.reader.all(queries.KNOWN_FILES, paths=old))
            for path in old:
                if path not in known:
                    await media.discard(path)
                    removed += 1
    async with database.transaction() as db:
        await db.execute(delete(FileClaim).where(FileClaim.claimed_at < limit))
    if removed:
        logger.info("files: %d orphans removed", removed)
    return removed
