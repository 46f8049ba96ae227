"""Removing notes for good (notes §7): by their author, or by age."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, any_, delete, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import NotePurged
from notechondria_shared.core.errors import NotFound
from notes_service.events import publish
from notes_service.media.note_files import files_of, queue_files
from notes_service.models import Note

NOT_THERE = "Note not removed: Notes.RecycleBin/purge — it does not lie in your recycle bin."
BATCH = 100
"""Notes per transaction of the retention."""


async def empty(db: AsyncSession, user_id: int) -> tuple[int, list[str]]:
    """Remove the user's deleted notes and all that belongs to them: how many, and the paths of their files.

    Comments of others on them stay and lose their link.
    """
    return await _purge(db, Note.creator_id == user_id)


async def purge_one(db: AsyncSession, user_id: int, note_id: int) -> list[str]:
    """Remove one deleted note of the user: the paths of its files; 404 when it is not in their recycle bin."""
    count, paths = await _purge(db, Note.creator_id == user_id, Note.id == note_id)
    if not count:
        raise NotFound(NOT_THERE)
    return paths


async def purge_older(db: AsyncSession, at: datetime) -> tuple[int, list[str]]:
    """Remove up to 100 notes of anybody that were deleted before `at`; none while another replica does it."""
    if not await db.scalar(select(func.pg_try_advisory_xact_lock(func.hashtext("notes.retention")))):
        return 0, []
    oldest = (
        select(Note.id).where(Note.deleted_at < at).order_by(Note.deleted_at, Note.id).limit(BATCH).scalar_subquery()
    )
    return await _purge(db, Note.id.in_(oldest))


async def _purge(db: AsyncSession, *which: ColumnElement[bool]) -> tuple[int, list[str]]:
    locked = await db.execute(
        select(*Note.event_columns()).where(Note.deleted_at.is_not(None), *which).order_by(Note.id).with_for_update()
    )
    rows = locked.all()
    if not rows:
        return 0, []
    ids = [row.id for row in rows]
    paths = await files_of(db, ids)
    await queue_files(db, paths)
    await db.execute(
        delete(Note)
        .where(Note.id == any_(literal(ids, ARRAY(BigInteger))))
        .execution_options(synchronize_session=False)
    )
    await publish(db, *(Note.final_event(NotePurged, row) for row in rows))
    return len(rows), paths
