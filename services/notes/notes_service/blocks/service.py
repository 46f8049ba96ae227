"""The blocks of a note, replaced as a whole (notes §5.5, §5.6)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from notes_service.blocks.schemas import BlockDraft
from notes_service.models import Note, NoteBlock, NoteIndex


async def replace_blocks(session: AsyncSession, note: Note, drafts: Sequence[BlockDraft], *, new: bool = False) -> None:
    """Give the note these blocks, in this order, and no others; `new` for a note that has none yet."""
    if not new:
        await session.execute(delete(NoteIndex).where(NoteIndex.note_id == note.id))
        await session.execute(delete(NoteBlock).where(NoteBlock.note_id == note.id))
    if not drafts:
        return
    rows = [
        {
            "creator_id": note.creator_id,
            "note_id": note.id,
            "block_type": draft.block_type,
            "text": draft.text,
            "args": draft.args,
            "is_ai_generated": draft.is_ai_generated,
        }
        for draft in drafts
    ]
    ids = await session.scalars(insert(NoteBlock).returning(NoteBlock.id, sort_by_parameter_order=True), rows)
    await session.execute(
        insert(NoteIndex),
        [{"note_id": note.id, "block_id": block_id, "position": place} for place, block_id in enumerate(ids)],
    )
