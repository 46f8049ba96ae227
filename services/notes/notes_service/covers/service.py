"""The cover of a note (notes §8)."""

from __future__ import annotations

from pathlib import PurePosixPath

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from notechondria_contracts.events.notes import NoteUpdated
from notechondria_shared.auth.precondition import Precondition
from notechondria_shared.core.errors import BadRequest
from notechondria_shared.core.file_names import stem_of, suffix_of
from notechondria_shared.storage import decoder
from notechondria_shared.storage.pictures import NoPicture, extension_of
from notes_service.attachments.room import require_room
from notes_service.events import publish
from notes_service.media.names import safe_name, unguessable
from notes_service.media.note_files import queue_files
from notes_service.media.uploads import cleaned
from notes_service.notes.access import lock_own

LIMIT = 5 * 1024 * 1024
"""Bytes; exactly as many are allowed (decision 8)."""
FOLDER = "user_upload/note_covers"
MISSING = "No file provided: Notes.Covers/upload — send the picture as the part `cover` of a multipart form."
TOO_LARGE = f"Cover refused: Notes.Covers/upload — the picture exceeds maximum size of {LIMIT // 1024 // 1024} MiB."
NO_IMAGE = "Cover refused: Notes.Covers/upload — the file is no picture (PNG, JPEG, GIF, WebP or BMP) or is damaged."


async def checked(upload: UploadFile | None) -> tuple[UploadFile, str]:
    """The part and the name to store it under; 400 when it is missing, larger than 5 MiB or no picture."""
    if upload is None:
        raise BadRequest(MISSING)
    if (upload.size or 0) > LIMIT:
        raise BadRequest(TOO_LARGE)
    try:
        extension = await decoder.run(extension_of, upload.file)
    except NoPicture:
        raise BadRequest(NO_IMAGE) from None
    name = PurePosixPath(safe_name(upload.filename or "cover"))
    real = {".jpg", ".jpeg"} if extension == ".jpg" else {extension}
    suffix = suffix_of(name) if suffix_of(name).lower() in real else extension
    return await cleaned(upload), unguessable(stem_of(name) + suffix)


async def replace(
    db: AsyncSession,
    user_id: int,
    note_id: int,
    path: str,
    precondition: Precondition,
    *,
    size: int,
    limit_mib: int,
) -> str:
    """Set the cover of an own note to the file at `path`; the path of the old one, which is deleted, "" for none.

    400 where the files of a person would come to more than `limit_mib` (0: no limit).
    """
    note = await lock_own(db, user_id, note_id, precondition)
    await require_room(db, user_id, size, limit_mib, freed=note.cover_size)
    old, note.cover_image, note.cover_size = note.cover_image, path, size
    await queue_files(db, [old] if old else [])
    note.save()
    await publish(db, note.event(NoteUpdated))
    return old


async def remove(db: AsyncSession, user_id: int, note_id: int, precondition: Precondition) -> str:
    """Take the cover off an own note; its path, "" for none."""
    note = await lock_own(db, user_id, note_id, precondition)
    old, note.cover_image, note.cover_size = note.cover_image, "", 0
    await queue_files(db, [old] if old else [])
    note.save()
    await publish(db, note.event(NoteUpdated))
    return old
