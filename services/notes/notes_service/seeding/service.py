"""What a new user gets: the Inbox and the welcome note (notes §11.1)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import NoteCreated
from notechondria_shared.core.timestamps import now
from notes_service.blocks.schemas import BlockDraft
from notes_service.blocks.service import replace_blocks
from notes_service.events import publish
from notes_service.inbox.service import ensure_inbox
from notes_service.models import Author, Note
from notes_service.seeding import welcome
from notes_service.text.summary import excerpt, preview_lines


async def seed_once(db: AsyncSession, author: Author) -> None:
    """Make Inbox and welcome note of an author who never had them; the caller holds the author's exclusive lock."""
    if author.seeded_at is not None:
        return
    author.seeded_at = now()
    inbox = await ensure_inbox(db, author.user_id, f"inbox-{author.user_id}")
    used = select(Note.id).where(Note.course_id == inbox.id, Note.deleted_at.is_(None)).limit(1)
    if await db.scalar(used) is None:
        await _welcome(db, author.user_id, inbox.id)


async def _welcome(db: AsyncSession, user_id: int, course_id: int) -> None:
    body = welcome.BODY.strip()
    note = Note(
        creator_id=user_id,
        course_id=course_id,
        title=welcome.TITLE,
        description=welcome.DESCRIPTION,
        editor_mode="G",
        content=body,
        excerpt=excerpt(body, welcome.DESCRIPTION),
        preview_lines=preview_lines(body),
    )
    db.add(note)
    await db.flush()
    await replace_blocks(db, note, [BlockDraft("T", welcome.TITLE), BlockDraft("N", body)], new=True)
    await publish(db, note.event(NoteCreated))
