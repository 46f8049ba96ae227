"""The stored files that belong to notes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, any_, literal, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.storage.deletions import queue_deletions
from notes_service.models import FILE_DELETIONS, Note, NoteAttachment, NoteBlock


async def files_of(db: AsyncSession, note_ids: Sequence[int]) -> list[str]:
    """The paths of covers, attachments and block files of the notes."""
    if not note_ids:
        return []
    # One array, whatever its length: a list of parameters would end at 65,535.
    of_notes = any_(literal(list(note_ids), ARRAY(BigInteger)))
    paths = await db.scalars(
        union_all(
            select(Note.cover_image).where(Note.id == of_notes, Note.cover_image != ""),
            select(NoteAttachment.file).where(NoteAttachment.note_id == of_notes),
            select(NoteBlock.image).where(NoteBlock.note_id == of_notes, NoteBlock.image != ""),
            select(NoteBlock.file).where(NoteBlock.note_id == of_notes, NoteBlock.file != ""),
        )
    )
    return list(paths)


async def queue_files(db: AsyncSession, paths: Sequence[str]) -> None:
    """Have files, and folders (a path with a slash at its end), deleted after the commit."""
    await queue_deletions(db, FILE_DELETIONS, paths)
