"""The stored files that hang on notes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, any_, literal, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.storage.media import MediaStore
from notes_service.models import Note, NoteAttachment, NoteBlock

logger = logging.getLogger("notechondria.files")


async def files_of(db: AsyncSession, note_ids: Sequence[int]) -> list[str]:
    """The paths of covers, attachments and block files of the notes."""
    if not note_ids:
        return []
    # One array, whatever its length: a list of parameters would end at 65,535.
    named = any_(literal(list(note_ids), ARRAY(BigInteger)))
    found = await db.scalars(
        union_all(
            select(Note.cover_image).where(Note.id == named, Note.cover_image != ""),
            select(NoteAttachment.file).where(NoteAttachment.note_id == named),
            select(NoteBlock.image).where(NoteBlock.note_id == named, NoteBlock.image != ""),
            select(NoteBlock.file).where(NoteBlock.note_id == named, NoteBlock.file != ""),
        )
    )
    return list(found)


async def delete_files(media: MediaStore, paths: Iterable[str]) -> None:
    """Delete files, and folders (a path with a slash at its end); raises when the store does not let us."""
    for path in paths:
        if path.endswith("/"):
            await media.delete_under(path.rstrip("/"))
        else:
            await media.delete(path)


async def discard_files(media: MediaStore, paths: Sequence[str]) -> None:
    """Delete files whose rows are gone already: what cannot be deleted now is logged and fails nobody's request."""
    try:
        await delete_files(media, paths)
    except Exception:
        logger.exception("files could not be deleted: %s", ", ".join(paths))
