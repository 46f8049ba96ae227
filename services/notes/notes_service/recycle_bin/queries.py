"""Reads of the recycle bin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, any_, bindparam, select

from notechondria_shared.db import prepare, prepare_scalar
from notes_service.models import Note, RecycleBinEntry
from notes_service.notes.queries import DetailRow
from notes_service.summaries.queries import SummaryRow, summaries


@dataclass(slots=True)
class DeletedRow(SummaryRow):
    """A note in the recycle bin."""

    deleted_at: datetime
    recycle_bin_entry_id: int


_OWN = (Note.creator_id == bindparam("user_id", type_=BigInteger), Note.deleted_at.is_not(None))
DELETED_IDS = prepare_scalar(
    select(Note.id).where(*_OWN).order_by(Note.deleted_at.desc(), Note.id.desc()),
    int,
)
"""All of a bin, newest deletion first."""
DELETED = prepare(
    summaries(Note.deleted_at)
    .add_columns(RecycleBinEntry.id.label("recycle_bin_entry_id"))
    .join(RecycleBinEntry, RecycleBinEntry.note_id == Note.id)
    .where(Note.id == any_(bindparam("note_ids", type_=ARRAY(BigInteger))), *_OWN),
    DeletedRow,
)
"""Of `note_ids` those that lie in the bin, in any order."""
ONE = prepare(
    summaries(Note.content, Note.metadata_json, Note.custom_meta).where(
        Note.creator_id == bindparam("user_id", type_=BigInteger),
        Note.id == bindparam("note_id", type_=BigInteger),
        Note.deleted_at.is_not(None),
    ),
    DetailRow,
)
