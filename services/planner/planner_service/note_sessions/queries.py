"""Reads of work sessions: those of notes in the recycle bin are not there (decision 12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, select

from notechondria_shared.db import prepare, prepare_scalar
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


@dataclass(slots=True)
class SessionRow:
    """A row of `COLUMNS`."""

    id: int
    title: str
    note_id: int
    course_id: int | None
    summary: str
    started_at: datetime
    ended_at: datetime | None


OWN = select(*COLUMNS).join(NoteRef, NoteRef.note_id == NoteSession.note_id)
VISIBLE = OWN.where(NoteSession.user_id == bindparam("user_id"), NoteRef.state == LIVE)
_NEWEST = VISIBLE.order_by(NoteSession.started_at.desc(), NoteSession.id.desc()).limit(
    bindparam("limit", type_=BigInteger)
)

LIST = prepare(_NEWEST, SessionRow)
LIST_OF_NOTE = prepare(_NEWEST.where(NoteSession.note_id == bindparam("note_id")), SessionRow)
OWNED = prepare_scalar(
    select(NoteSession.id).where(
        NoteSession.id == bindparam("session_id"), NoteSession.user_id == bindparam("user_id")
    ),
    int,
)
# What a write answers with; the writer has already made sure that it is the caller's.
ONE = prepare(OWN.where(NoteSession.id == bindparam("session_id")), SessionRow)
