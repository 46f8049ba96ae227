"""Reads of blocks."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from notechondria_shared.database import prepare
from notes_service.models import Note, NoteBlock, NoteIndex

_BLOCK = (
    NoteBlock.id,
    NoteBlock.block_type,
    NoteBlock.text,
    NoteBlock.args,
    NoteBlock.is_ai_generated,
    NoteBlock.image,
    NoteBlock.date_created,
    NoteBlock.last_edit,
)
OF_NOTE = prepare(
    select(*_BLOCK)
    .join(NoteIndex, NoteIndex.block_id == NoteBlock.id)
    .where(NoteIndex.note_id == bindparam("note_id"))
    .order_by(NoteIndex.position, NoteIndex.id)
)
ONE = prepare(select(*_BLOCK).where(NoteBlock.id == bindparam("block_id")))
OWNER = prepare(
    select(NoteBlock.creator_id, NoteBlock.note_id, Note.deleted_at)
    .outerjoin(Note, Note.id == NoteBlock.note_id)
    .where(NoteBlock.id == bindparam("block_id"))
)
