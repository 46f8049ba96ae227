"""What makes a note popular: sessions of work on it, and comments."""

from __future__ import annotations

from sqlalchemy import BigInteger, DateTime, Subquery, bindparam, func, select, union_all
from sqlalchemy.dialects.postgresql import insert as upsert

from notechondria_shared.db import prepare_command
from notes_service.models import Note, WorkSession

_ROW = {
    name: bindparam(name, type_=getattr(WorkSession, name).type, required=True)
    for name in ("session_id", "note_id", "user_id", "started_at")
}
# The note is locked so that it cannot be purged between the look and the row that refers to it.
_note = select(Note.id).where(Note.id == _ROW["note_id"]).with_for_update(read=True, key_share=True).cte("note")
KEEP_SESSION = prepare_command(
    upsert(WorkSession)
    .from_select(
        list(_ROW), select(_ROW["session_id"], _note.c.id, _ROW["user_id"], _ROW["started_at"]).select_from(_note)
    )
    .on_conflict_do_nothing()
)
"""A session that planner published, once; none for a note that is purged."""


def uses() -> Subquery:
    """`note_id`, and `uses`: how many sessions and comments a note has since `since`, for notes that have any."""
    since = bindparam("since", type_=DateTime(timezone=True), required=True)
    sessions = select(WorkSession.note_id).where(WorkSession.started_at.between(since, func.now()))
    comments = select(Note.source_note_id).where(
        Note.source_note_id.is_not(None), Note.note_type == "C", Note.deleted_at.is_(None), Note.date_created >= since
    )
    each = union_all(sessions, comments).subquery("each")
    return select(each.c.note_id, func.count().cast(BigInteger).label("uses")).group_by(each.c.note_id).subquery("uses")
