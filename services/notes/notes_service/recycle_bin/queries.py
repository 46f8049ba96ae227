"""Reads of the recycle bin."""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam

from notechondria_shared.db import prepare
from notes_service.models import Note, RecycleBinEntry
from notes_service.notes.queries import summaries

DELETED = prepare(
    summaries(Note.deleted_at)
    .add_columns(RecycleBinEntry.id.label("recycle_bin_entry_id"))
    .join(RecycleBinEntry, RecycleBinEntry.note_id == Note.id)
    .where(Note.creator_id == bindparam("user_id", type_=BigInteger), Note.deleted_at.is_not(None))
    .order_by(Note.deleted_at.desc(), Note.id.desc())
)
