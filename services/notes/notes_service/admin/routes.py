"""Courses and notes for the administration (docs/admin.md): lists, and what staff may do in their owners' place.

Each action is the owner's own, through the same rule, so that the same facts are told.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from notechondria_shared.database import Database
from notechondria_shared.database.engine import ReadSession, WriteSession
from notechondria_shared.database.listing import Listing, WantedRows
from notechondria_shared.database.tables import Row
from notechondria_shared.errors import Conflict, NotFound
from notechondria_shared.http.internal import require_internal
from notes_service.admin import queries
from notes_service.courses import service as courses
from notes_service.notes import access
from notes_service.notes import service as notes
from notes_service.notes.files import discard_files
from notes_service.recycle_bin.service import purge_one

router = APIRouter(prefix="/internal/admin", include_in_schema=False, dependencies=[Depends(require_internal)])
NOBODYS = "Course not deleted: Notes.Courses/owner — its owner is gone, and there is no Inbox for its notes."


async def _one(read: ReadSession, listing: Listing, key: int, unknown: str) -> Row:
    row = await listing.one(read, key)
    if row is None:
        raise NotFound(unknown)
    return row


@router.get("/courses")
async def list_courses(read: ReadSession, wanted: WantedRows) -> dict[str, Any]:
    """Courses of all users; `search` is part of a title, slug or user name."""
    return await queries.COURSES.read(read, wanted)


@router.get("/courses/{course_id:id}")
async def get_course(read: ReadSession, course_id: int) -> Row:
    """One course."""
    return await _one(read, queries.COURSES, course_id, courses.UNKNOWN)


@router.post("/courses/{course_id:id}/delete", status_code=204)
async def delete_course(request: Request, read: ReadSession, course_id: int) -> None:
    """As its owner deletes it (notes §4.7): 400 for an Inbox, 409 when there is no owner."""
    row = await get_course(read, course_id)
    if row["user_id"] is None:
        raise Conflict(NOBODYS)
    database: Database = request.app.state.database
    async with database.transaction() as session:
        await courses.remove(session, row["user_id"], course_id)
    await discard_files(request.app.state.media, [f"course_media/course_{course_id}/"])


@router.get("/notes")
async def list_notes(read: ReadSession, wanted: WantedRows) -> dict[str, Any]:
    """Notes of all users, binned ones too; `search` is part of a title or user name."""
    return await queries.NOTES.read(read, wanted)


@router.get("/notes/{note_id:id}")
async def get_note(read: ReadSession, note_id: int) -> Row:
    """One note, without its text."""
    return await _one(read, queries.NOTES, note_id, access.UNKNOWN)


@router.post("/notes/{note_id:id}/trash", status_code=204)
async def trash_note(read: ReadSession, note_id: int, session: WriteSession) -> None:
    """Move a note to its owner's recycle bin (notes §5.8)."""
    await notes.trash(session, (await get_note(read, note_id))["user_id"], note_id)


@router.post("/notes/{note_id:id}/restore", status_code=204)
async def restore_note(read: ReadSession, note_id: int, session: WriteSession) -> None:
    """Bring a note back from its owner's recycle bin (notes §7)."""
    await notes.restore(session, (await get_note(read, note_id))["user_id"], note_id)


@router.post("/notes/{note_id:id}/purge", status_code=204)
async def purge_note(request: Request, read: ReadSession, note_id: int) -> None:
    """Remove a binned note for good, with its files (notes §7)."""
    row = await get_note(read, note_id)
    database: Database = request.app.state.database
    async with database.transaction() as session:
        paths = await purge_one(session, row["user_id"], note_id)
    await discard_files(request.app.state.media, paths)
