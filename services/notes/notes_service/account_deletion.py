"""What happens to the content of a deleted account (ADR 0003)."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import CourseDeleted
from notes_service.authors.service import ACCOUNTS
from notes_service.courses.service import move_notes
from notes_service.events import publish
from notes_service.media.note_files import files_of, queue_files
from notes_service.models import Author, Course, Note, NoteBlock, WorkSession


async def delete_content(db: AsyncSession, user_id: int) -> None:
    """Remove everything of the user; its files are deleted after the commit.

    Notes of others in the user's courses stay and lose their course. The user's own notes need no events of their
    own: other services consume the deletion of the account.
    """
    await ACCOUNTS.mark_deleted(db, user_id)
    await db.execute(select(Author.user_id).where(Author.user_id == user_id).with_for_update())
    courses = (
        await db.scalars(select(Course).where(Course.creator_id == user_id).order_by(Course.id).with_for_update())
    ).all()
    own = list(await db.scalars(select(Note.id).where(Note.creator_id == user_id).order_by(Note.id)))
    paths = await files_of(db, own)
    await db.execute(delete(Note).where(Note.creator_id == user_id))
    await db.execute(delete(WorkSession).where(WorkSession.user_id == user_id))
    await db.execute(delete(NoteBlock).where(NoteBlock.creator_id == user_id))
    for course in courses:
        await move_notes(db, course.id, user_id, None)
        await publish(db, course.event(CourseDeleted))
        paths.append(f"course_media/course_{course.id}/")
    await db.execute(delete(Course).where(Course.creator_id == user_id))
    await db.execute(delete(Author).where(Author.user_id == user_id))
    await queue_files(db, [*paths, f"user_upload/user_{user_id}/notes/"])
