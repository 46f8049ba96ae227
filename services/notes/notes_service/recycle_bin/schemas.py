"""The recycle bin on the wire (notes §7)."""

from __future__ import annotations

from pydantic import BaseModel

from notes_service.summaries.schemas import NoteSummary
from notes_service.values import Timestamp


class DeletedNote(NoteSummary):
    """A note in the recycle bin."""

    deleted_at: Timestamp
    recycle_bin_entry_id: int


class Emptied(BaseModel):
    """How many notes were removed for good; both numbers are the same."""

    count: int
    deleted_count: int
