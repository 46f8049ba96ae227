"""The blocks of a note, replaced as a whole (notes §5.5, §5.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.timestamps import now
from notechondria_shared.db import SessionReader
from notes_service.blocks import queries
from notes_service.blocks.schemas import BlockDraft
from notes_service.models import NoteBlock, NoteIndex


class BlockOwner(Protocol):
    """The note that blocks are written for."""

    @property
    def id(self) -> int:
        """The note."""

    @property
    def creator_id(self) -> int:
        """Its author."""


async def replace_blocks(
    db: AsyncSession, note: BlockOwner, drafts: Sequence[BlockDraft], *, new: bool = False
) -> None:
    """Replace the blocks of the note by these, in this order; `new` for a note that has none yet."""
    if not new:
        await db.execute(delete(NoteIndex).where(NoteIndex.note_id == note.id))
        await db.execute(delete(NoteBlock).where(NoteBlock.note_id == note.id))
    if not drafts:
        return
    await SessionReader(db).run(
        queries.INSERT_ALL,
        {
            "creator_id": note.creator_id,
            "note_id": note.id,
            "types": [draft.block_type for draft in drafts],
            "texts": [draft.text for draft in drafts],
            "args": [draft.args for draft in drafts],
            "by_ai": [draft.is_ai_generated for draft in drafts],
            "at": now(),
        },
    )
