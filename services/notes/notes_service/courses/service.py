"""The rules of courses (notes §4)."""

from __future__ import annotations

from sqlalchemy import BigInteger, case, delete, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import CourseDeleted, CourseUpdated, NoteTrashed, NoteUpdated
from notechondria_shared.auth.precondition import Precondition
from notechondria_shared.core.errors import BadRequest, Forbidden, NotFound
from notechondria_shared.db import SessionReader
from notes_service.authors import service as authors
from notes_service.courses import queries
from notes_service.courses.queries import CourseOwnerRow
from notes_service.courses.schemas import CreateCourse, UpdateCourse
from notes_service.events import publish
from notes_service.inbox.service import (
    NewCourse,
    add_course,
    become_inbox_again,
    is_inbox_title,
    remember_removal,
    take_inbox,
)
from notes_service.inbox.slugs import free_slug, slugify
from notes_service.media.note_files import queue_files
from notes_service.models import Course, Note

UNKNOWN = "Course not found: Notes.Courses/lookup — there is no such course."
SAME_TITLE = "Course not saved: Notes.Courses/create — you already have a course with this title."
NOT_YOURS = "Course not changed: Notes.Courses/owner — only its owner may do that."
INBOX_NAME = "Course not renamed: Notes.Courses/rename — the Inbox keeps its name."
INBOX_STAYS = "Course not deleted: Notes.Courses/delete — the Inbox cannot be deleted."


async def lock_shared(db: AsyncSession, course_id: int) -> bool:
    """Block the deletion of a course until the commit; False when there is none."""
    course = await db.scalar(select(Course.id).where(Course.id == course_id).with_for_update(read=True, key_share=True))
    return course is not None


async def create(db: AsyncSession, user_id: int, body: CreateCourse) -> tuple[int, bool]:
    """Make or match a course (notes §4.2, POST decision order): its id, and True when it is new."""
    await authors.lock_author_shared(db, user_id, exclusive=True)
    matched = await _by_client_id(db, user_id, body.client_course_id)
    twin = await _twin(db, user_id, body.title, matched.id if matched else 0)
    if twin is not None:
        if is_inbox_title(body.title):
            return twin, False
        raise BadRequest(SAME_TITLE)
    if matched is not None:
        matched.title, matched.description = body.title, body.description or ""
        _apply_look(matched, body)
        matched.touch()
        await publish(db, matched.event(CourseUpdated))
        return matched.id, False
    course = NewCourse(
        creator_id=user_id,
        client_course_id=body.client_course_id or None,
        slug=await free_slug(db, slugify(body.title)),
        title=body.title,
        description=body.description or "",
        icon=body.icon,
        color_hue=body.color_hue,
        is_default=is_inbox_title(body.title),
    )
    return await add_course(db, course), True


def _apply_look(course: Course, body: CreateCourse | UpdateCourse) -> None:
    for name in ("icon", "color_hue"):
        if body.sent(name):
            setattr(course, name, getattr(body, name))


async def _twin(db: AsyncSession, user_id: int, title: str, but: int) -> int | None:
    """Another course of the user with this title, in any letter case."""
    return await SessionReader(db).value(queries.TWIN, user_id=user_id, title=title, but=but)


async def change(
    db: AsyncSession, user_id: int, course_id: int, body: UpdateCourse, precondition: Precondition
) -> None:
    """Apply what was sent (notes §4.2, PATCH decision order)."""
    await authors.lock_author_shared(db, user_id, exclusive=True)
    course = await _lock_own(db, user_id, course_id, precondition)
    if body.sent("title") and body.title != course.title:
        if is_inbox_title(course.title):
            raise BadRequest(INBOX_NAME)
        if await _twin(db, user_id, body.title, course_id) is not None:
            raise BadRequest(SAME_TITLE)
        course.title = body.title
        if is_inbox_title(body.title):
            await become_inbox_again(db, course)
    if body.sent("description"):
        course.description = body.description or ""
    _apply_look(course, body)
    course.touch()
    await publish(db, course.event(CourseUpdated))


def check_owner(row: CourseOwnerRow | None, user_id: int) -> None:
    """404 for an unknown course, 403 for one of somebody else."""
    if row is None:
        raise NotFound(UNKNOWN)
    if row.creator_id != user_id:
        raise Forbidden(NOT_YOURS)


async def _lock_own(db: AsyncSession, user_id: int, course_id: int, precondition: Precondition) -> Course:
    course: Course | None = await db.scalar(select(Course).where(Course.id == course_id).with_for_update())
    if course is None:
        raise NotFound(UNKNOWN)
    if course.creator_id != user_id:
        raise Forbidden(NOT_YOURS)
    precondition.check({name: getattr(course, name) for name in ("title", "description", "icon")})
    return course


async def _by_client_id(db: AsyncSession, user_id: int, client_id: str | None) -> Course | None:
    if not client_id:
        return None
    course: Course | None = await db.scalar(
        select(Course).where(Course.creator_id == user_id, Course.client_course_id == client_id)
    )
    return course


async def remove(
    db: AsyncSession, user_id: int, course_id: int, precondition: Precondition, *, inbox_too: bool = False
) -> None:
    """Delete a course (notes §4.7): own notes move to the Inbox, notes of others lose their course (§12, 6).

    With `inbox_too`, as its owner says, the Inbox itself goes for good, and its notes lose their course (apps §5); so
    do those of courses after it.
    """
    await authors.lock_author_shared(db, user_id, exclusive=True)
    course = await _lock_own(db, user_id, course_id, precondition)
    if is_inbox_title(course.title):
        if not (course.is_default and inbox_too):
            raise BadRequest(INBOX_STAYS)
        await remember_removal(db, user_id)
    course.is_default = False  # the Inbox that takes its notes must be another course
    inbox = await take_inbox(db, user_id)
    await move_notes(db, course_id, user_id, inbox)
    await publish(db, course.event(CourseDeleted))
    await db.execute(delete(Course).where(Course.id == course_id))
    await queue_files(db, [f"course_media/course_{course_id}/"])


async def move_notes(db: AsyncSession, course_id: int, user_id: int, target: int | None) -> None:
    """Move the user's notes of a course, deleted ones too, to `target`; those of others to no course.

    `last_edit` stays (notes §4.7). Each note is published as updated, or again as trashed when it is deleted.
    """
    await db.execute(select(Note.id).where(Note.course_id == course_id).order_by(Note.id).with_for_update())
    destination = literal(target, BigInteger)
    moved = await db.execute(
        Note.bulk_change(
            Note.course_id == course_id, course_id=case((Note.creator_id == user_id, destination), else_=None)
        ).returning(Note.deleted_at)
    )
    await publish(db, *(Note.row_event(NoteTrashed if row.deleted_at else NoteUpdated, row) for row in moved))
