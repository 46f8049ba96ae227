"""The recycle bin on the wire (notes §7)."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request
from pydantic import BaseModel

from notechondria_shared.core.timestamps import iso_offset
from notes_service.recycle_bin.queries import DeletedRow
from notes_service.summaries.schemas import NoteSummary, note_summaries
from notes_service.values import Timestamp


class DeletedNote(NoteSummary):
    """A note in the recycle bin."""

    deleted_at: Timestamp
    recycle_bin_entry_id: int


class Emptied(BaseModel):
    """How many notes were removed for good; both numbers are the same."""

    count: int
    deleted_count: int


def deleted_notes(request: Request, rows: Sequence[DeletedRow]) -> list[DeletedNote]:
    """Rows as the contract has them."""
    return [
        {**summary, "deleted_at": iso_offset(row.deleted_at), "recycle_bin_entry_id": row.recycle_bin_entry_id}
        for row, summary in zip(rows, note_summaries(request, rows), strict=True)
    ]
