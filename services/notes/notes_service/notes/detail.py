"""The detail of a note as an answer (notes §3.4)."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request

from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import Reads
from notes_service.blocks import queries as block_queries
from notes_service.notes import queries
from notes_service.notes.access import UNKNOWN
from notes_service.notes.schemas import NoteDetail, note_detail


async def find(read: Reads, note_id: int) -> queries.WholeRow:
    """The row of a note that is not in the recycle bin; 404 otherwise."""
    row = await read.one(queries.DETAIL, note_id=note_id)
    if row is None:
        raise NotFound(UNKNOWN)
    return row


async def find_by_uuid(read: Reads, note_uuid: UUID) -> queries.WholeRow:
    """As `find`, by the uuid."""
    row = await read.one(queries.DETAIL_BY_UUID, note_uuid=note_uuid)
    if row is None:
        raise NotFound(UNKNOWN)
    return row


async def describe(request: Request, read: Reads, row: queries.DetailRow) -> NoteDetail:
    """The detail of a row, whose blocks are read where it lacks them."""
    if isinstance(row, queries.WholeRow):
        return note_detail(request, row, row.blocks)
    return note_detail(request, row, await read.all(block_queries.OF_NOTE, note_id=row.id))
