"""The Inbox of a user (notes §4.6, §4.7): the course of notes without another one."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import CourseCreated, CourseUpdated
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import SessionReader
from notes_service.events import publish
from notes_service.inbox import queries
from notes_service.inbox.slugs import free_slug
from notes_service.models import Author, Course

INBOX = "Inbox"
INBOX_DESCRIPTION = "Default category"


def is_inbox_title(title: str) -> bool:
    """True for the protected title, in any letter case (notes §4.6)."""
    return title.lower() == INBOX.lower()


@dataclass(slots=True, kw_only=True)
class NewCourse:
    """A course that is to be made."""

    creator_id: int
    slug: str
    title: str
    description: str
    is_default: bool
    client_course_id: str | None = None
    icon: int | None = None
    color_hue: int | None = None


async def add_course(db: AsyncSession, course: NewCourse) -> int:
    """Insert a course and publish it: its id."""
    if course.is_default:
        await _remember_return(db, course.creator_id)
    at = now()
    [row] = await SessionReader(db).all(queries.INSERT, **asdict(course), date_created=at, last_edit=at)
    await publish(db, Course.row_event(CourseCreated, row))
    return row.id


async def become_inbox_again(db: AsyncSession, course: Course) -> None:
    """For an owner who deleted the Inbox, a course renamed to its title is it from now on (apps §5).

    Its title is protected (notes §4.6): as an ordinary course it could be neither renamed nor deleted, and the newest
    apps try to delete it at every start. For everybody else the mark never changes with a title (notes §4.2).
    """
    if course.creator_id is not None and await _is_removed(db, course.creator_id):
        course.is_default = True
        await _remember_return(db, course.creator_id)


async def _is_removed(db: AsyncSession, user_id: int) -> bool:
    return await SessionReader(db).value(queries.REMOVED, user_id=user_id) is not None


async def _remember_return(db: AsyncSession, user_id: int) -> None:
    """Whoever makes an Inbox has one again, and it takes the notes of deleted courses."""
    await SessionReader(db).run(queries.RETURNED, {"user_id": user_id})


async def remember_removal(db: AsyncSession, user_id: int) -> None:
    """The author deletes the Inbox: it is not made again for them (apps §5)."""
    await db.execute(update(Author).where(Author.user_id == user_id).values(inbox_removed_at=now()))


async def take_inbox(db: AsyncSession, user_id: int) -> int | None:
    """Where notes of a deleted course go; None, no course at all, for an author who deleted the Inbox.

    The caller holds the author's exclusive lock.
    """
    return None if await _is_removed(db, user_id) else await ensure_inbox(db, user_id, "inbox")


async def ensure_inbox(db: AsyncSession, user_id: int, slug: str) -> int:
    """The id of the user's lowest-id default course, made when missing (notes §4.7, §11.1).

    The caller holds the author's exclusive lock.
    """
    inbox = await SessionReader(db).one(queries.INBOX, user_id=user_id, title=INBOX)
    if inbox is None:
        return await add_course(
            db,
            NewCourse(
                creator_id=user_id,
                slug=await free_slug(db, slug),
                title=INBOX,
                description=INBOX_DESCRIPTION,
                is_default=True,
            ),
        )
    if not inbox.is_default:
        namesake = await db.get_one(Course, inbox.id)
        namesake.is_default = True
        namesake.touch()
        await publish(db, namesake.event(CourseUpdated))
    return inbox.id
