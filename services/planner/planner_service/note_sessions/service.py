"""The rules of work sessions (planner §8, notes §9.5)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.errors import NotFound
from notechondria_shared.core.timestamps import now
from planner_service.accounts import require_present
from planner_service.models import NoteSession
from planner_service.note_sessions.schemas import ChangeSession, OpenSession
from planner_service.references.notes import NoteReference
from planner_service.references.service import own_note

NO_SESSION = "Work session not found."


async def open_session(db: AsyncSession, user_id: int, wanted: OpenSession, note: NoteReference | None) -> NoteSession:
    """A new session on an own note, also one in the bin (decision 12); 404 for any other note.

    `note` is what notes just told of a note that was not known here yet.
    """
    await require_present(db, user_id)
    found = await own_note(db, user_id, wanted.note_id, note)
    row = NoteSession(
        user_id=user_id,
        note_id=wanted.note_id,
        title=wanted.title or found["title"][:120],
        summary=wanted.summary or found["description"][:255],
        started_at=wanted.started_at or now(),
        ended_at=wanted.ended_at,
    )
    db.add(row)
    await db.flush()
    return row


async def change_session(db: AsyncSession, user_id: int, session_id: int, changed: ChangeSession) -> NoteSession:
    """Apply the keys that were sent; a null start changes nothing. 404 when unknown or somebody else's."""
    row: NoteSession | None = await db.scalar(
        select(NoteSession).where(NoteSession.id == session_id, NoteSession.user_id == user_id).with_for_update()
    )
    if row is None:
        raise NotFound(NO_SESSION)
    changes: dict[str, Any] = changed.changes()
    changes.pop("note_id", None)
    if changes.get("started_at") is None:
        changes.pop("started_at", None)
    for name, value in changes.items():
        setattr(row, name, value)
    row.touch()
    return row
