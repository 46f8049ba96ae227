"""Who may read and write a note (notes §5.1)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.auth.precondition import Precondition
from notechondria_shared.core.errors import Forbidden, ListError, NotFound
from notechondria_shared.core.timestamps import iso_z
from notechondria_shared.web.dependencies import ReadSession
from notes_service.callers import KnownCaller
from notes_service.models import Note
from notes_service.notes import queries

UNKNOWN = "Note not found: Notes.Notes/lookup — there is no such note."
PRIVATE = "Note not shown: Notes.Notes/access — this note is private, you have no permission to read it."
NOT_YOURS = "Note not changed: Notes.Notes/access — only its author may do that."


def check_read(creator_id: int, is_public: bool, user_id: int) -> None:
    """400 with an array for somebody else's private note."""
    if creator_id != user_id and not is_public:
        raise ListError(PRIVATE)


def check_write(creator_id: int, is_public: bool, user_id: int) -> None:
    """As for reading; 403 for somebody else's public note."""
    check_read(creator_id, is_public, user_id)
    if creator_id != user_id:
        raise Forbidden(NOT_YOURS)


async def require_own_note(caller: KnownCaller, note_id: int, read: ReadSession) -> int:
    """The id of a note that the caller may write; checked before the body is checked (notes §5.1)."""
    row = await read.one(queries.ACCESS, note_id=note_id)
    if row is None:
        raise NotFound(UNKNOWN)
    check_write(row.creator_id, row.is_public, caller.user_id)
    return note_id


async def require_note_of_uuid(caller: KnownCaller, note_uuid: UUID, read: ReadSession) -> int:
    """The id of the note with this uuid, checked as `require_own_note` does."""
    row = await read.one(queries.ACCESS_BY_UUID, note_uuid=note_uuid)
    if row is None:
        raise NotFound(UNKNOWN)
    check_write(row.creator_id, row.is_public, caller.user_id)
    return row.id


OwnNote = Annotated[int, Depends(require_own_note)]
OwnNoteOfUuid = Annotated[int, Depends(require_note_of_uuid)]


async def lock_own(
    db: AsyncSession, user_id: int, note_id: int, precondition: Precondition, *, with_comments: bool = False
) -> Note:
    """The note, locked until the commit and checked again; `with_comments` locks its comments with it, in id order."""
    which: ColumnElement[bool] = Note.id == note_id
    if with_comments:
        which = or_(which, and_(Note.source_note_id == note_id, Note.note_type == "C", Note.deleted_at.is_(None)))
    locked = await db.scalars(
        select(Note).where(which).order_by(Note.id).with_for_update().execution_options(populate_existing=True)
    )
    note = next((row for row in locked if row.id == note_id), None)
    if note is None or note.deleted_at is not None:
        raise NotFound(UNKNOWN)
    check_write(note.creator_id, note.is_public, user_id)
    precondition.check({"last_edit": iso_z(note.last_edit)})
    return note
