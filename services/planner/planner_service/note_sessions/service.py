"""The rules of work sessions (planner §8, notes §9.5)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.errors import NotFound
from notechondria_shared.core.timestamps import now
from planner_service.accounts import ACCOUNTS
from planner_service.events import publish, session_opened
from planner_service.models import NoteSession
from planner_service.note_sessions.schemas import LONGEST_SUMMARY, ChangeSession, OpenSession
from planner_service.references.notes import NoteReference
from planner_service.references.service import own_note

NO_SESSION = "Work session not found."


async def open_session(db: AsyncSession, user_id: int, body: OpenSession, note: NoteReference | None) -> NoteSession:
    """A new session on an own note, also one in the bin (decision 12); 404 for any other note.

    `note` is the answer of notes about a note that was not known here yet.
    """
    await ACCOUNTS.require_present(db, user_id)
    known = await own_note(db, user_id, body.note_id, note)
    work_session = NoteSession(
        user_id=user_id,
        note_id=body.note_id,
        title=body.title or known.title[:120],
        summary=body.summary or known.description[:LONGEST_SUMMARY],
        started_at=body.started_at or now(),
        ended_at=body.ended_at,
    )
    db.add(work_session)
    await db.flush()
    await publish(db, session_opened(work_session))
    return work_session


async def change_session(db: AsyncSession, user_id: int, session_id: int, body: ChangeSession) -> NoteSession:
    """Apply the keys that were sent; a null start changes nothing. 404 when unknown or somebody else's."""
    work_session: NoteSession | None = await db.scalar(
        select(NoteSession).where(NoteSession.id == session_id, NoteSession.user_id == user_id).with_for_update()
    )
    if work_session is None:
        raise NotFound(NO_SESSION)
    for name, value in body.changes().items():
        if name != "note_id" and not (name == "started_at" and value is None):
            setattr(work_session, name, value)
    work_session.touch()
    return work_session
