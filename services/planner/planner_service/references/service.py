"""References to notes and courses: projections of what notes owns (ADR 0003)."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import CourseState, NoteState
from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import Reads, SessionReader
from notechondria_shared.messaging.projection import Projection
from planner_service.accounts import ACCOUNTS
from planner_service.models import PURGED, CourseRef, NoteRef
from planner_service.references import queries
from planner_service.references.notes import CourseReference, NoteReference, NotesDirectory
from planner_service.references.queries import NoteRow

NO_COURSE = "Course not found."
NO_NOTE = "Note not found."

COURSES = Projection(
    CourseRef,
    CourseRef.course_id,
    {"revision": ("user_id", "title")},
    live=CourseRef.is_deleted.is_(False),
    tombstone={"user_id": None, "title": "", "is_deleted": True},
)
NOTES = Projection(
    NoteRef,
    NoteRef.note_id,
    # Text and state arrive by different events, each newer or older than the other.
    {"revision": ("title", "description", "course_id"), "state_revision": ("state",)},
    fixed=("uuid", "user_id"),
    live=NoteRef.state != PURGED,
    tombstone={"title": "", "description": "", "course_id": None, "state": PURGED},
)


async def find_course(read: Reads, notes: NotesDirectory, course_id: int | None) -> CourseReference | None:
    """Ask notes about a course whose events have not arrived yet: its reference, or None when it is known here.

    Done before the transaction of the write, which must not wait for another service. 404 when there is no such course.
    """
    if course_id is None:
        return None
    known, reference = await COURSES.ask_owner(read, course_id, notes.course)
    if not known and reference is None:
        raise NotFound(NO_COURSE)
    return reference


async def lock_course_shared(db: AsyncSession, course_id: int, reference: CourseReference | None) -> None:
    """Keep the course from being deleted until the transaction ends; 404 when it already is.

    `reference`, from `find_course`, is stored first.
    """
    if reference is not None and (reference.user_id is None or await ACCOUNTS.is_present(db, reference.user_id)):
        await store_course(db, reference)
    is_deleted = await SessionReader(db).value(queries.LOCKED_COURSE, course_id=course_id)
    if is_deleted is None or is_deleted:
        raise NotFound(NO_COURSE)


async def find_note(read: Reads, notes: NotesDirectory, note_id: int) -> NoteReference | None:
    """As `find_course`, for a note."""
    known, reference = await NOTES.ask_owner(read, note_id, notes.note)
    if not known and reference is None:
        raise NotFound(NO_NOTE)
    return reference


async def own_note(db: AsyncSession, user_id: int, note_id: int, reference: NoteReference | None) -> NoteRow:
    """The user's note, live or in the bin; 404 when it is purged or somebody else's. `reference` is stored first.

    The account must be locked (`ACCOUNTS.require_present`): purging waits for it, so the note stays until the
    transaction ends.
    """
    if reference is not None and reference.user_id == user_id:
        await store_note(db, reference, reference.state)
    row = await SessionReader(db).one(queries.NOTE, note_id=note_id)
    if row is None or row.user_id != user_id or row.state == PURGED:
        raise NotFound(NO_NOTE)
    return row


async def store_course(db: AsyncSession, course: CourseState | CourseReference) -> None:
    """Keep the state of a course, unless a newer one is known or it is deleted."""
    await COURSES.upsert(db, **course_values(course))


def course_values(course: CourseState | CourseReference) -> dict[str, object]:
    """A row of the projection."""
    return {
        "course_id": course.course_id,
        "user_id": course.user_id,
        "title": course.title,
        "revision": course.revision,
    }


async def mark_course_deleted(db: AsyncSession, course: CourseState) -> None:
    """Leave a tombstone: what arrives of the course later is old."""
    await COURSES.mark_deleted(db, course.revision, course_id=course.course_id)


async def store_note(
    db: AsyncSession, note: NoteState | NoteReference, state: str, *, state_known: bool = True
) -> None:
    """Keep the text of a note unless newer text is known, and its state unless a newer state is known.

    `state_known=False` for events that do not say the state; a note that is not known yet is then taken for live.
    """
    await NOTES.upsert(db, **note_values(note, state, state_known))


def note_values(note: NoteState | NoteReference, state: str, state_known: bool) -> dict[str, object]:
    """A row of the projection."""
    return {
        "note_id": note.note_id,
        "uuid": note.uuid,
        "user_id": note.user_id,
        "title": note.title,
        "description": note.description,
        "course_id": note.course_id,
        "revision": note.revision,
        "state": state,
        "state_revision": note.revision if state_known else 0,
    }


async def mark_note_purged(db: AsyncSession, note: NoteState) -> None:
    """Leave a tombstone without text: what arrives of the note later is old."""
    await NOTES.mark_deleted(db, note.revision, note_id=note.note_id, uuid=note.uuid, user_id=note.user_id)
