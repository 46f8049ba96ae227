"""References to notes and courses: found, held while they are used, kept by revision."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import CourseState, NoteState
from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import Reads, SessionReader
from notechondria_shared.db.tables import Row
from planner_service.accounts import is_present
from planner_service.models import PURGED, CourseRef, NoteRef
from planner_service.references import queries
from planner_service.references.notes import CourseReference, NoteReference, NotesDirectory

NO_COURSE = "Course not found."
NO_NOTE = "Note not found."


async def find_course(read: Reads, notes: NotesDirectory, course_id: int | None) -> CourseReference | None:
    """Ask notes about a course whose facts have not arrived yet: its reference, or None when nothing is to be asked.

    Done before the transaction of the write, which must not wait for another service. 404 when there is no such course.
    """
    if course_id is None or await read.one(queries.COURSE, course_id=course_id) is not None:
        return None
    found = await notes.course(course_id) if course_id > 0 else None
    if found is None:
        raise NotFound(NO_COURSE)
    return found


async def lock_course_shared(db: AsyncSession, course_id: int, told: CourseReference | None) -> None:
    """Keep the course from being deleted until the transaction ends; 404 when it already is. `told` is stored first."""
    if told is not None and (told.user_id is None or await is_present(db, told.user_id)):
        await store_course(db, told)
    is_deleted = await SessionReader(db).value(queries.HELD_COURSE, course_id=course_id)
    if is_deleted is None or is_deleted:
        raise NotFound(NO_COURSE)


async def find_note(read: Reads, notes: NotesDirectory, note_id: int) -> NoteReference | None:
    """As `find_course`, for a note."""
    if await read.one(queries.NOTE, note_id=note_id) is not None:
        return None
    found = await notes.note(note_id) if note_id > 0 else None
    if found is None:
        raise NotFound(NO_NOTE)
    return found


async def own_note(db: AsyncSession, user_id: int, note_id: int, told: NoteReference | None) -> Row:
    """The user's note, live or in the bin; 404 when it is purged or somebody else's. `told` is stored first.

    The account must be held (`require_present`): purging waits for it, so the note stays until the transaction ends.
    """
    if told is not None and told.user_id == user_id:
        await store_note(db, told, told.state)
    row = await SessionReader(db).one(queries.NOTE, note_id=note_id)
    if row is None or row["user_id"] != user_id or row["state"] == PURGED:
        raise NotFound(NO_NOTE)
    return row


async def store_course(db: AsyncSession, course: CourseState | CourseReference) -> None:
    """Keep what was told of a course, unless something newer is known or it is deleted."""
    statement = upsert(CourseRef).values(
        course_id=course.course_id, user_id=course.user_id, title=course.title, revision=course.revision
    )
    new = statement.excluded
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=[CourseRef.course_id],
            set_={"user_id": new.user_id, "title": new.title, "revision": new.revision},
            where=(CourseRef.revision < new.revision) & CourseRef.is_deleted.is_(False),
        )
    )


async def mark_course_deleted(db: AsyncSession, course: CourseState) -> None:
    """Leave a tombstone: whatever is told of the course from now on is old."""
    tomb: dict[str, Any] = {"user_id": None, "title": "", "is_deleted": True}
    await db.execute(
        upsert(CourseRef)
        .values(course_id=course.course_id, revision=course.revision, **tomb)
        .on_conflict_do_update(index_elements=[CourseRef.course_id], set_=tomb)
    )


async def store_note(
    db: AsyncSession, note: NoteState | NoteReference, state: str, *, state_known: bool = True
) -> None:
    """Keep what was told of a note: its text unless newer text is known, its state unless a newer state is known.

    `state_known=False` for facts that say nothing of the state; a note first heard of that way is taken for live.
    """
    state_revision = note.revision if state_known else 0
    text = {
        "title": note.title,
        "description": note.description,
        "course_id": note.course_id,
        "revision": note.revision,
    }
    row = {"note_id": note.note_id, "uuid": note.uuid, "user_id": note.user_id, "state": state}
    read = SessionReader(db)
    if await read.value(queries.INSERT_NOTE_REFERENCE, **row, state_revision=state_revision, **text) is not None:
        return
    known = update(NoteRef).where(NoteRef.note_id == note.note_id, NoteRef.state != PURGED)
    await db.execute(known.where(NoteRef.revision < note.revision).values(text))
    await db.execute(
        known.where(NoteRef.state_revision < state_revision).values(state=state, state_revision=state_revision)
    )


async def mark_note_purged(db: AsyncSession, note: NoteState) -> None:
    """Leave a tombstone without text: whatever is told of the note from now on is old."""
    tomb: dict[str, Any] = {
        "title": "",
        "description": "",
        "course_id": None,
        "state": PURGED,
        "revision": note.revision,
        "state_revision": note.revision,
    }
    await db.execute(
        upsert(NoteRef)
        .values(note_id=note.note_id, uuid=note.uuid, user_id=note.user_id, **tomb)
        .on_conflict_do_update(index_elements=[NoteRef.note_id], set_=tomb)
    )
