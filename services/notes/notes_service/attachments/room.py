"""How much of files one person may keep (USER_STORAGE_MIB), where the operator says so (decision 62)."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.errors import BadRequest
from notes_service.models import Note, NoteAttachment

_MIB = 1024 * 1024


async def require_room(db: AsyncSession, user_id: int, size: int, limit_mib: int, *, freed: int = 0) -> None:
    """400 when the files of a person's notes, covers and those in the recycle bin too, would come to more than the
    limit; `freed` is what the file replaces.

    One upload of a person after the other passes here, until the transaction ends: two at once cannot both take what is
    left. 0 is no limit.
    """
    if not limit_mib:
        return
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"notes.storage:{user_id}", 0))))
    in_use = await db.scalar(
        select(func.coalesce(func.sum(NoteAttachment.file_size), 0))
        .join(Note, Note.id == NoteAttachment.note_id)
        .where(Note.creator_id == user_id)
    )
    covers = await db.scalar(select(func.coalesce(func.sum(Note.cover_size), 0)).where(Note.creator_id == user_id))
    used = int(in_use or 0) + int(covers or 0) - freed
    if used + size > limit_mib * _MIB:
        raise BadRequest(
            f"File refused: Notes.Attachments/upload — it exceeds maximum size: of your {limit_mib} MiB "
            f"{used / _MIB:.1f} are in use, and it has {size / _MIB:.1f}. Files in the recycle bin count too."
        )
