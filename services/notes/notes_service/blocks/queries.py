"""Reads of blocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.selectable import LateralFromClause

from notechondria_shared.db import prepare, prepare_command
from notes_service.models import Note, NoteBlock, NoteIndex


@dataclass(slots=True)
class BlockRow:
    """A block of a note."""

    id: int
    block_type: str
    text: str | None
    args: str | None
    is_ai_generated: bool
    image: str
    date_created: datetime
    last_edit: datetime


@dataclass(slots=True)
class BlockOwnerRow:
    """Whose a block is; `deleted_at` is that of its note."""

    creator_id: int
    note_id: int | None
    deleted_at: datetime | None


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
    .order_by(NoteIndex.position, NoteIndex.id),
    BlockRow,
)


def columns_of(note_id: ColumnElement[int]) -> LateralFromClause:
    """The blocks of a note beside it, an array for each field of `BlockRow`, null without blocks.

    One statement reads both: a round trip less is a fifth of a whole request.
    """
    in_order = (NoteIndex.position, NoteIndex.id)
    return (
        select(*(func.array_agg(aggregate_order_by(one, *in_order)).label(f"block_{one.key}") for one in _BLOCK))
        .join(NoteIndex, NoteIndex.block_id == NoteBlock.id)
        .where(NoteIndex.note_id == note_id)
        .lateral("blocks")
    )


ONE = prepare(select(*_BLOCK).where(NoteBlock.id == bindparam("block_id")), BlockRow)
OWNER = prepare(
    select(NoteBlock.creator_id, NoteBlock.note_id, Note.deleted_at)
    .outerjoin(Note, Note.id == NoteBlock.note_id)
    .where(NoteBlock.id == bindparam("block_id")),
    BlockOwnerRow,
)
INSERT_ALL = prepare_command(
    text("""
WITH drafts AS (
    SELECT * FROM unnest(
        CAST(:types AS text[]), CAST(:texts AS text[]), CAST(:args AS text[]), CAST(:by_ai AS bool[])
    ) WITH ORDINALITY AS draft (block_type, text, args, is_ai_generated, number)
), created AS (
    INSERT INTO notes.note_blocks
        (creator_id, note_id, block_type, text, args, is_ai_generated, image, file, date_created, last_edit)
    SELECT :creator_id, :note_id, block_type, text, args, is_ai_generated, '', '', :at, :at
    FROM drafts ORDER BY number
    RETURNING id
)
INSERT INTO notes.note_index (note_id, block_id, position)
SELECT :note_id, id, row_number() OVER (ORDER BY id) - 1 FROM created
""")
)
"""Blocks of a note that has none, in their order: blocks and positions in one statement."""
