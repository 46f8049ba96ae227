"""The Inbox of a user (notes §4.6, §4.7): the course of notes without another one."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import CourseCreated, CourseUpdated
from notechondria_shared.core.timestamps import now
from notes_service.events import publish
from notes_service.inbox.slugs import free_slug
from notes_service.models import Author, Course

INBOX = "Inbox"
INBOX_DESCRIPTION = "Default category"


def is_inbox_title(title: str) -> bool:
    """True for the protected title, in any letter case (notes §4.6)."""
    return title.lower() == INBOX.lower()


async def add_course(db: AsyncSession, course: Course) -> None:
    """Insert a course and publish it."""
    db.add(course)
    if course.is_default:
        await _remember_return(db, course)
    await db.flush()
    await publish(db, course.event(CourseCreated))


async def become_inbox_again(db: AsyncSession, course: Course) -> None:
    """For an owner who deleted the Inbox, a course renamed to its title is it from now on (apps §5).

    Its title is protected (notes §4.6): as an ordinary course it could be neither renamed nor deleted, and the newest
    apps try to delete it at every start. For everybody else the mark never changes with a title (notes §4.2).
    """
    removed = await db.scalar(select(Author.inbox_removed_at).where(Author.user_id == course.creator_id))
    if removed is not None:
        course.is_default = True
        await _remember_return(db, course)


async def _remember_return(db: AsyncSession, inbox: Course) -> None:
    """Whoever makes an Inbox has one again, and it takes the notes of deleted courses."""
    await db.execute(update(Author).where(Author.user_id == inbox.creator_id).values(inbox_removed_at=None))


async def remember_removal(db: AsyncSession, user_id: int) -> None:
    """The author deletes the Inbox: it is not made again for them (apps §5)."""
    await db.execute(update(Author).where(Author.user_id == user_id).values(inbox_removed_at=now()))


async def take_inbox(db: AsyncSession, user_id: int) -> Course | None:
    """Where notes of a deleted course go; None, no course at all, for an author who deleted the Inbox.

    The caller holds the author's exclusive lock.
    """
    removed = await db.scalar(select(Author.inbox_removed_at).where(Author.user_id == user_id))
    return await ensure_inbox(db, user_id, "inbox") if removed is None else None


async def ensure_inbox(db: AsyncSession, user_id: int, slug: str) -> Course:
    """The user's lowest-id default course, made when missing (notes §4.7, §11.1).

    The caller holds the author's exclusive lock.
    """
    inbox = await db.scalar(
        select(Course).where(Course.creator_id == user_id, Course.is_default).order_by(Course.id).limit(1)
    )
    if inbox is not None:
        return inbox
    # A course of this title becomes the Inbox: a user has one course of a title.
    namesake = await db.scalar(
        select(Course).where(Course.creator_id == user_id, func.lower(Course.title) == INBOX.lower())
    )
    if namesake is not None:
        namesake.is_default = True
        namesake.touch()
        await publish(db, namesake.event(CourseUpdated))
        return namesake
    created = Course(
        creator_id=user_id,
        slug=await free_slug(db, slug),
        title=INBOX,
        description=INBOX_DESCRIPTION,
        is_default=True,
    )
    await add_course(db, created)
    return created
