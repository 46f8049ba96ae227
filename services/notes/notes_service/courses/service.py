"""The rules of courses (notes §4)."""

from __future__ import annotations

from sqlalchemy import BigInteger, case, delete, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import CourseCreated, CourseDeleted, CourseUpdated, NoteTrashed, NoteUpdated
from notechondria_shared.auth.precondition import check_precondition
from notechondria_shared.core.errors import BadRequest, Forbidden, NotFound
from notechondria_shared.db.tables import Row
from notes_service.authors import service as authors
from notes_service.courses.schemas import CreateCourse, UpdateCourse
from notes_service.courses.slugs import free_slug, slugify
from notes_service.events import publish
from notes_service.models import Course, Note
from notes_service.notes.files import queue_files

INBOX = "Inbox"
INBOX_DESCRIPTION = "Default category"
UNKNOWN = "Course not found: Notes.Courses/lookup — there is no such course."
SAME_TITLE = "Course not saved: Notes.Courses/create — you already have a course with this title."
NOT_YOURS = "Course not changed: Notes.Courses/owner — only its owner may do that."
INBOX_NAME = "Course not renamed: Notes.Courses/rename — the Inbox keeps its name."
INBOX_STAYS = "Course not deleted: Notes.Courses/delete — the Inbox cannot be deleted."


def is_inbox_title(title: str) -> bool:
    """True for the protected title, in any letter case (notes §4.6)."""
    return title.lower() == INBOX.lower()


async def lock_shared(db: AsyncSession, course_id: int) -> bool:
    """Keep a course from being deleted until the commit; False when there is none."""
    found = await db.scalar(select(Course.id).where(Course.id == course_id).with_for_update(read=True, key_share=True))
    return found is not None


async def create(db: AsyncSession, user_id: int, wanted: CreateCourse) -> tuple[int, bool]:
    """Make or match a course (notes §4.2, POST decision order): its id, and True when it is new."""
    await authors.lock_author_shared(db, user_id, exclusive=True)
    matched = await _by_client_id(db, user_id, wanted.client_course_id)
    twin = await _twin(db, user_id, wanted.title, matched.id if matched else 0)
    if twin is not None:
        if is_inbox_title(wanted.title):
            return twin.id, False
        raise BadRequest(SAME_TITLE)
    if matched is not None:
        matched.title, matched.description = wanted.title, wanted.description or ""
        if wanted.sent("icon"):
            matched.icon = wanted.icon
        matched.touch()
        await publish(db, matched.event(CourseUpdated))
        return matched.id, False
    course = Course(
        creator_id=user_id,
        client_course_id=wanted.client_course_id or None,
        slug=await free_slug(db, slugify(wanted.title)),
        title=wanted.title,
        description=wanted.description or "",
        icon=wanted.icon,
        is_default=is_inbox_title(wanted.title),
    )
    await _add(db, course)
    return course.id, True


async def _twin(db: AsyncSession, user_id: int, title: str, but: int) -> Course | None:
    """Another course of the user with this title, in any letter case."""
    found: Course | None = await db.scalar(
        select(Course).where(
            Course.creator_id == user_id, func.lower(Course.title) == func.lower(title), Course.id != but
        )
    )
    return found


async def change(db: AsyncSession, user_id: int, course_id: int, wanted: UpdateCourse) -> None:
    """Apply what was sent (notes §4.2, PATCH decision order)."""
    await authors.lock_author_shared(db, user_id, exclusive=True)
    course = await _lock_own(db, user_id, course_id)
    if wanted.sent("title") and wanted.title != course.title:
        if is_inbox_title(course.title):
            raise BadRequest(INBOX_NAME)
        if await _twin(db, user_id, wanted.title, course_id) is not None:
            raise BadRequest(SAME_TITLE)
        course.title = wanted.title
    if wanted.sent("description"):
        course.description = wanted.description or ""
    if wanted.sent("icon"):
        course.icon = wanted.icon
    course.touch()
    await publish(db, course.event(CourseUpdated))


def check_owner(row: Row | None, user_id: int) -> None:
    """404 for an unknown course, 403 for one of somebody else."""
    if row is None:
        raise NotFound(UNKNOWN)
    if row["creator_id"] != user_id:
        raise Forbidden(NOT_YOURS)


async def _lock_own(db: AsyncSession, user_id: int, course_id: int) -> Course:
    course: Course | None = await db.scalar(select(Course).where(Course.id == course_id).with_for_update())
    if course is None:
        raise NotFound(UNKNOWN)
    if course.creator_id != user_id:
        raise Forbidden(NOT_YOURS)
    check_precondition({name: getattr(course, name) for name in ("title", "description", "icon")})
    return course


async def _by_client_id(db: AsyncSession, user_id: int, client_id: str | None) -> Course | None:
    if not client_id:
        return None
    found: Course | None = await db.scalar(
        select(Course).where(Course.creator_id == user_id, Course.client_course_id == client_id)
    )
    return found


async def _add(db: AsyncSession, course: Course) -> None:
    db.add(course)
    await db.flush()
    await publish(db, course.event(CourseCreated))


async def ensure_inbox(db: AsyncSession, user_id: int, slug: str) -> Course:
    """The user's lowest-id default course, made when missing (notes §4.7, §11.1); under the author's exclusive lock."""
    inbox = await db.scalar(
        select(Course).where(Course.creator_id == user_id, Course.is_default).order_by(Course.id).limit(1)
    )
    if inbox is not None:
        return inbox
    # A course that merely bears the name takes the office: there is one course of a title.
    namesake = await db.scalar(
        select(Course).where(Course.creator_id == user_id, func.lower(Course.title) == INBOX.lower())
    )
    if namesake is not None:
        namesake.is_default = True
        namesake.touch()
        await publish(db, namesake.event(CourseUpdated))
        return namesake
    made = Course(
        creator_id=user_id,
        slug=await free_slug(db, slug),
        title=INBOX,
        description=INBOX_DESCRIPTION,
        is_default=True,
    )
    await _add(db, made)
    return made


async def remove(db: AsyncSession, user_id: int, course_id: int) -> None:
    """Delete a course (notes §4.7): own notes move to the Inbox, notes of others lose their course (§12, 6)."""
    await authors.lock_author_shared(db, user_id, exclusive=True)
    course = await _lock_own(db, user_id, course_id)
    if is_inbox_title(course.title):
        raise BadRequest(INBOX_STAYS)
    course.is_default = False  # whatever it was, it is no refuge for its own notes
    inbox = await ensure_inbox(db, user_id, "inbox")
    await move_notes(db, course_id, user_id, inbox.id)
    await publish(db, course.event(CourseDeleted))
    await db.execute(delete(Course).where(Course.id == course_id))
    await queue_files(db, [f"course_media/course_{course_id}/"])


async def move_notes(db: AsyncSession, course_id: int, user_id: int, target: int | None) -> None:
    """Move the user's notes of a course, binned ones too, to `target`; those of others to no course.

    `last_edit` stays (notes §4.7). Each note is told: as updated, or once more as trashed when it lies in the bin.
    """
    await db.execute(select(Note.id).where(Note.course_id == course_id).order_by(Note.id).with_for_update())
    destination = literal(target, BigInteger)
    moved = await db.execute(
        Note.bulk_change(
            Note.course_id == course_id, course_id=case((Note.creator_id == user_id, destination), else_=None)
        ).returning(Note.deleted_at)
    )
    await publish(db, *(Note.row_event(NoteTrashed if row.deleted_at else NoteUpdated, row) for row in moved))
