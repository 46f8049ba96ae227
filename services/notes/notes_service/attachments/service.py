"""The files of a note (notes §8)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from notechondria_shared.auth.precondition import Precondition
from notechondria_shared.core.errors import BadRequest, NotFound
from notes_service.attachments.room import require_room
from notes_service.media.names import shown_name
from notes_service.media.note_files import queue_files
from notes_service.media.uploads import FileDescription
from notes_service.models import NoteAttachment
from notes_service.notes.access import lock_own

LIMIT = 20 * 1024 * 1024
"""Bytes of one file."""
UNKNOWN = "Attachment not found: Notes.Attachments/lookup — this note has no such file."
MISSING = "No file provided: Notes.Attachments/upload — send it as the part `file` of a multipart form."
TOO_LARGE = f"File refused: Notes.Attachments/upload — it exceeds maximum size of {LIMIT // 1024 // 1024} MiB."


def folder_of(creator_id: int, note_uuid: UUID) -> str:
    """The folder of a note's files: by its uuid, which does not show how many notes there are."""
    return f"user_upload/user_{creator_id}/notes/note_{note_uuid.hex}"


def checked(upload: UploadFile | None) -> UploadFile:
    """The part; 400 when it is missing or larger than 20 MiB."""
    if upload is None:
        raise BadRequest(MISSING)
    if (upload.size or 0) > LIMIT:
        raise BadRequest(TOO_LARGE)
    return upload


async def attach(
    db: AsyncSession,
    user_id: int,
    note_id: int,
    file: FileDescription,
    path: str,
    precondition: Precondition,
    *,
    limit_mib: int,
) -> int:
    """Attach the stored file at `path` to an own note; the attachment's id. `last_edit` of the note stays.

    400 where the files of a person would come to more than `limit_mib` (0: no limit).
    """
    await lock_own(db, user_id, note_id, precondition)
    await require_room(db, user_id, file.size or 0, limit_mib)
    attachment = NoteAttachment(
        note_id=note_id,
        file=path,
        original_filename=shown_name(file.filename),
        file_size=file.size or 0,
        content_type=_printable(file.content_type or ""),
    )
    db.add(attachment)
    await db.flush()
    return attachment.id


def _printable(content_type: str) -> str:
    return "".join(c for c in content_type if c.isascii() and c.isprintable())[:128]


async def detach(db: AsyncSession, user_id: int, note_id: int, attachment_id: int, precondition: Precondition) -> str:
    """Remove a file of an own note; its path. 404 for one of another note."""
    await lock_own(db, user_id, note_id, precondition)
    attachment = await db.scalar(
        select(NoteAttachment)
        .where(NoteAttachment.id == attachment_id, NoteAttachment.note_id == note_id)
        .with_for_update()
    )
    if attachment is None:
        raise NotFound(UNKNOWN)
    await db.delete(attachment)
    await queue_files(db, [attachment.file])
    return attachment.file
