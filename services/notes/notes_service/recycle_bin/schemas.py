"""The recycle bin on the wire (notes §7)."""

from __future__ import annotations

from fastapi import Request
from typing_extensions import TypedDict

from notechondria_shared.core.timestamps import iso_offset
from notechondria_shared.db.tables import Row
from notes_service.notes.schemas import NoteSummary, note_summary


class DeletedNote(NoteSummary):
    """A note in the bin."""

    deleted_at: str
    recycle_bin_entry_id: int


class Emptied(TypedDict):
    """How many notes were removed for good; both numbers are the same."""

    count: int
    deleted_count: int


def deleted_note(request: Request, row: Row) -> DeletedNote:
    """A row of `recycle_bin.queries.DELETED` as the contract has it."""
    return {
        **note_summary(request, row),
        "deleted_at": iso_offset(row["deleted_at"]),
        "recycle_bin_entry_id": row["recycle_bin_entry_id"],
    }
