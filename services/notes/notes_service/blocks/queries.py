"""Reads of blocks."""

from __future__ import annotations

from sqlalchemy import bindparam, select, text

from notechondria_shared.db import prepare
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
PUT = prepare(
    text("""
WITH drafts AS (
    SELECT * FROM unnest(
        CAST(:types AS text[]), CAST(:texts AS text[]), CAST(:args AS text[]), CAST(:made_by_ai AS bool[])
    ) WITH ORDINALITY AS draft (block_type, text, args, is_ai_generated, place)
), made AS (
    INSERT INTO notes.note_blocks
        (creator_id, note_id, block_type, text, args, is_ai_generated, image, file, date_created, last_edit)
    SELECT :creator_id, :note_id, block_type, text, args, is_ai_generated, '', '', :moment, :moment
    FROM drafts ORDER BY place
    RETURNING id
)
INSERT INTO notes.note_index (note_id, block_id, position)
SELECT :note_id, id, row_number() OVER (ORDER BY id) - 1 FROM made
""")
)
"""Blocks of a note that has none, in their order: block and place in one statement."""
