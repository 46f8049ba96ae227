"""Courses and notes for the administration (docs/admin.md): lists, and what staff may do in their owners' place.

Each action is the owner's own, through the same rule, so that the same facts are told.
"""

from __future__ import annotations

from notechondria_shared.core.errors import Conflict
from notechondria_shared.web.admin import Shown, admin_router
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notes_service.admin import queries
from notes_service.courses import service as courses
from notes_service.dependencies import Deletions, Transactions
from notes_service.notes import access
from notes_service.notes import service as notes
from notes_service.recycle_bin.service import purge_one

COURSES = Shown(queries.COURSES, courses.UNKNOWN)
NOTES = Shown(queries.NOTES, access.UNKNOWN)
router = admin_router(courses=COURSES, notes=NOTES)
NOBODYS = "Course not deleted: Notes.Courses/owner — its owner is gone, and there is no Inbox for its notes."


@router.post("/courses/{course_id:id}/delete", status_code=204)
async def delete_course(read: ReadSession, course_id: int, database: Transactions, deletions: Deletions) -> None:
    """As its owner deletes it (notes §4.7): 400 for an Inbox, 409 when there is no owner."""
    row = await COURSES.row(read, course_id)
    if row["user_id"] is None:
        raise Conflict(NOBODYS)
    async with database.transaction() as db:
        await courses.remove(db, row["user_id"], course_id)
    await deletions.delete([f"course_media/course_{course_id}/"])


@router.post("/notes/{note_id:id}/trash", status_code=204)
async def trash_note(read: ReadSession, note_id: int, db: WriteSession) -> None:
    """Move a note to its owner's recycle bin (notes §5.8)."""
    await notes.trash(db, (await NOTES.row(read, note_id))["user_id"], note_id)


@router.post("/notes/{note_id:id}/restore", status_code=204)
async def restore_note(read: ReadSession, note_id: int, db: WriteSession) -> None:
    """Bring a note back from its owner's recycle bin (notes §7)."""
    await notes.restore(db, (await NOTES.row(read, note_id))["user_id"], note_id)


@router.post("/notes/{note_id:id}/purge", status_code=204)
async def purge_note(read: ReadSession, note_id: int, database: Transactions, deletions: Deletions) -> None:
    """Remove a binned note for good, with its files (notes §7)."""
    row = await NOTES.row(read, note_id)
    async with database.transaction() as db:
        paths = await purge_one(db, row["user_id"], note_id)
    await deletions.delete(paths)
