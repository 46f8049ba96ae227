"""Blocks and their order in notes (notes §2.6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from notechondria_shared.django_import.source import Monolith
from notes_service.django_import.content import ImportedContent
from notes_service.values import BLOCK_TYPES

BLOCKS, ORDER = "blocks", "order of blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRow:
    """A row of `note_blocks`."""

    id: int
    creator_id: int
    note_id: int | None
    block_type: str
    text: str | None
    args: str | None
    is_ai_generated: bool
    image: str
    file: str
    date_created: datetime
    last_edit: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRow:
    """A row of `note_index`."""

    id: int
    note_id: int
    block_id: int
    position: int


def blocks(source: Monolith, table: str, content: ImportedContent) -> Iterator[BlockRow]:
    """Blocks of notes that were imported, and blocks that belong to no note."""
    for row in content.report.counted(BLOCKS, source.rows(table)):
        owner, note_id = content.accounts.owner(row), row.integer_or_none("note_id")
        if owner is None or (note_id is not None and note_id not in content.notes):
            content.report.skip(BLOCKS, row.id, "its note or account is not there")
            continue
        content.blocks.add(row.id)
        dates = row.dates()
        yield BlockRow(
            id=row.id,
            creator_id=owner.user_id,
            note_id=note_id,
            block_type=row.choice("block_type", BLOCK_TYPES, "N"),
            text=row.text_or_none("text"),
            args=row.text("args", longest=256) or None,
            is_ai_generated=row.flag("is_ai_generated"),
            image=content.file(row, "image"),
            file=content.file(row, "file"),
            date_created=dates.date_created,
            last_edit=dates.last_edit,
        )


def order_of_blocks(source: Monolith, table: str, content: ImportedContent) -> Iterator[IndexRow]:
    """Which blocks a note shows, numbered from 0 without gaps."""
    rows = content.report.counted(ORDER, source.rows(table, ("note_id", "index", "id")))
    for note_id, of_note in groupby(rows, key=lambda row: row.integer("note_id", default=0)):
        position = 0
        for row in of_note:
            block_id = row.integer("block_id", default=0)
            if note_id not in content.notes or block_id not in content.blocks:
                content.report.skip(ORDER, row.id, "its note or block is not there")
                continue
            yield IndexRow(id=row.id, note_id=note_id, block_id=block_id, position=position)
            position += 1
