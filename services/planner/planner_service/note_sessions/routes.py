"""Work sessions over HTTP (planner §8)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import SessionReader
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.route import api_router
from planner_service.dependencies import Notes
from planner_service.note_sessions import queries, service
from planner_service.note_sessions.schemas import ChangeSession, NoteFilter, OpenSession, SessionLimit, SessionPayload
from planner_service.references.service import find_note

router = api_router("/api/v1/note-sessions", tags=["work sessions"])

LISTED = 50


async def require_own_session(caller: LoggedIn, session_id: int, read: ReadSession) -> int:
    """The id of an own session; 404 comes before the body is looked at."""
    if await read.value(queries.OWNED, user_id=caller.user_id, session_id=session_id) is None:
        raise NotFound(service.NO_SESSION)
    return session_id


OwnSession = Annotated[int, Depends(require_own_session)]


@router.get("/")
async def list_sessions(
    caller: LoggedIn, read: ReadSession, note_id: NoteFilter = None, limit: SessionLimit = None
) -> list[SessionPayload]:
    """Own sessions, newest first (planner §8), without those of binned notes; `note_id` narrows to one note.

    `limit` is cut to 1..200 and 50 when absent or no number; a `note_id` that is no number is 400 (decision 7).
    """
    user_id, most = caller.user_id, limit or LISTED
    if note_id is None:
        rows = await read.all(queries.LIST, user_id=user_id, limit=most)
    else:
        rows = await read.all(queries.LIST_OF_NOTE, user_id=user_id, limit=most, note_id=note_id)
    return [SessionPayload.of(row) for row in rows]


@router.post("/", status_code=201)
async def open_session(
    caller: LoggedIn, body: OpenSession, read: ReadSession, notes: Notes, db: WriteSession
) -> SessionPayload:
    """Begin a session on an own note (planner §8); 404 for any other, 503 when notes must be asked and is away."""
    note = await find_note(read, notes, body.note_id)
    work_session = await service.open_session(db, caller.user_id, body, note)
    return await _payload(db, work_session.id)


@router.patch("/{session_id:id}/")
async def change_session(
    caller: LoggedIn, session_id: OwnSession, body: ChangeSession, db: WriteSession
) -> SessionPayload:
    """Change title, summary, start or end of an own session (planner §8); else 404, before the body is looked at."""
    work_session = await service.change_session(db, caller.user_id, session_id, body)
    return await _payload(db, work_session.id)


async def _payload(db: AsyncSession, session_id: int) -> SessionPayload:
    row = await SessionReader(db).one(queries.ONE, session_id=session_id)
    if row is None:
        raise NotFound(service.NO_SESSION)
    return SessionPayload.of(row)
