"""Reads of work sessions: those of notes in the recycle bin are not there (decision 12)."""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam, select

from notechondria_shared.db import prepare
from planner_service.models import LIVE, NoteRef, NoteSession

COLUMNS = (
    NoteSession.id,
    NoteSession.title,
    NoteSession.note_id,
    NoteRef.course_id,
    NoteSession.summary,
    NoteSession.started_at,
    NoteSession.ended_at,
)

OWN = select(*COLUMNS).join(NoteRef, NoteRef.note_id == NoteSession.note_id)
VISIBLE = OWN.where(NoteSession.user_id == bindparam("user_id"), NoteRef.state == LIVE)
_NEWEST = VISIBLE.order_by(NoteSession.started_at.desc(), NoteSession.id.desc()).limit(
    bindparam("limit", type_=BigInteger)
)

LIST = prepare(_NEWEST)
LIST_OF_NOTE = prepare(_NEWEST.where(NoteSession.note_id == bindparam("note_id")))
OWNED = prepare(
    select(NoteSession.id).where(NoteSession.id == bindparam("session_id"), NoteSession.user_id == bindparam("user_id"))
)
# What a write answers with; the writer has already made sure that it is the caller's.
ONE = prepare(OWN.where(NoteSession.id == bindparam("session_id")))
