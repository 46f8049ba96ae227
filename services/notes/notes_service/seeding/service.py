"""What a new user gets: the Inbox and the welcome note (notes §11.1)."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import NoteCreated
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import SessionReader
from notes_service import new_notes
from notes_service.authors.service import LockedAuthor
from notes_service.blocks.schemas import BlockDraft
from notes_service.blocks.service import replace_blocks
from notes_service.events import publish
from notes_service.inbox.service import ensure_inbox
from notes_service.models import Note
from notes_service.seeding import queries, welcome
from notes_service.text.summary import excerpt, preview_lines


async def seed_once(db: AsyncSession, author: LockedAuthor) -> None:
    """Make Inbox and welcome note of an author who never had them."""
    if author.seeded_at is not None:
        return
    read = SessionReader(db)
    await read.run(queries.SEEDED, {"user_id": author.user_id, "at": now()})
    inbox_id = await ensure_inbox(db, author.user_id, f"inbox-{author.user_id}")
    if await read.value(queries.USED, course_id=inbox_id) is None:
        await _welcome(db, author.user_id, inbox_id)


async def _welcome(db: AsyncSession, user_id: int, course_id: int) -> None:
    body, at = welcome.BODY.strip(), now()
    [note] = await SessionReader(db).all(
        new_notes.INSERT,
        creator_id=user_id,
        course_id=course_id,
        uuid=uuid4(),
        sharing_id=str(uuid4()),
        title=welcome.TITLE,
        description=welcome.DESCRIPTION,
        is_public=False,
        content=body,
        excerpt=excerpt(body, welcome.DESCRIPTION),
        preview_lines=preview_lines(body),
        metadata_json="",
        custom_meta="",
        client_draft_id=None,
        note_type="N",
        source_note_id=None,
        editor_mode="G",
        date_created=at,
        last_edit=at,
    )
    await replace_blocks(db, note, [BlockDraft("T", welcome.TITLE), BlockDraft("N", body)], new=True)
    await publish(db, Note.row_event(NoteCreated, note))
