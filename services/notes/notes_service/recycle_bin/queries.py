"""Reads of the recycle bin."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, bindparam, literal_column, select, tuple_
from sqlalchemy.orm import aliased

from notechondria_shared.db import prepare, prepare_dicts
from notes_service.models import Note, RecycleBinEntry
from notes_service.notes.queries import DetailRow
from notes_service.summaries.queries import summaries
from notes_service.summaries.row_dicts import SummaryDict, summary_dicts


class DeletedDict(SummaryDict):
    """A note in the recycle bin."""

    deleted_at: datetime | str
    """As it comes, the time."""
    recycle_bin_entry_id: int | None
    """Null for a note that is not shown. It counts all the same, or a slice would look like the last one."""


SLICE = 1000
"""Notes that are read at a time: four milliseconds of the event loop. Of fewer a statement's own cost would show."""
_OWN = (Note.creator_id == bindparam("user_id", type_=BigInteger), Note.deleted_at.is_not(None))
_after = tuple_(bindparam("after", type_=DateTime(timezone=True)), bindparam("after_id", type_=BigInteger))
_next = (
    select(Note)
    .where(*_OWN, tuple_(Note.deleted_at, Note.id) < _after)
    .order_by(Note.deleted_at.desc(), Note.id.desc())
    .limit(literal_column(f"{SLICE}"))
)
# Settled first: otherwise the planner joins all of a bin in place of walking along its index.
_note = aliased(Note, _next.subquery("note"))
DELETED = prepare_dicts(
    summary_dicts(_note, _note.deleted_at, RecycleBinEntry.id.label("recycle_bin_entry_id"))
    .outerjoin(RecycleBinEntry, RecycleBinEntry.note_id == _note.id)
    .order_by(_note.deleted_at.desc(), _note.id.desc()),
    DeletedDict,
    binary=True,
)
"""The next notes of a bin, newest deletion first, behind the one with the id `after_id` that was deleted at `after`."""
ONE = prepare(
    summaries(Note.content, Note.metadata_json, Note.custom_meta).where(
        Note.creator_id == bindparam("user_id", type_=BigInteger),
        Note.id == bindparam("note_id", type_=BigInteger),
        Note.deleted_at.is_not(None),
    ),
    DetailRow,
)
