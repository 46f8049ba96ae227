"""Reads of blocks."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from notechondria_shared.database import prepare
from notes_service.models import NoteBlock, NoteIndex

OF_NOTE = prepare(
    select(
        NoteBlock.id,
        NoteBlock.block_type,
        NoteBlock.text,
        NoteBlock.args,
        NoteBlock.is_ai_generated,
        NoteBlock.image,
        NoteBlock.date_created,
        NoteBlock.last_edit,
    )
    .join(NoteIndex, NoteIndex.block_id == NoteBlock.id)
    .where(NoteIndex.note_id == bindparam("note_id"))
    .order_by(NoteIndex.position, NoteIndex.id)
)
