"""Work sessions over HTTP (planner §8)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic_core import PydanticCustomError
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.fields import Id
from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.errors import BadRequest, NotFound
from notechondria_shared.db import SessionReader
from notechondria_shared.web import read_body
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from planner_service.note_sessions import queries, service
from planner_service.note_sessions.payload import session_payload
from planner_service.note_sessions.schemas import ChangeSession, OpenSession, SessionPayload
from planner_service.parameters import clamped
from planner_service.references.notes import Notes
from planner_service.references.service import find_note

router = APIRouter(prefix="/api/v1/note-sessions", tags=["work sessions"])

LISTED, MOST_LISTED = 50, 200


async def require_own_session(caller: LoggedIn, session_id: int, read: ReadSession) -> int:
    """The id of an own session; 404 comes before the body is looked at."""
    if await read.value(queries.OWNED, user_id=caller.user_id, session_id=session_id) is None:
        raise NotFound(service.NO_SESSION)
    return session_id


OwnSession = Annotated[int, Depends(require_own_session)]


@router.get("/", response_model=list[SessionPayload])
async def list_sessions(
    caller: LoggedIn, read: ReadSession, note_id: str = "", limit: str = ""
) -> list[dict[str, Any]]:
    """Own sessions, newest first (planner §8), without those of binned notes; `note_id` narrows to one note.

    `limit` is cut to 1..200 and 50 when absent or no number; a `note_id` that is no number is 400 (decision 7).
    """
    params: dict[str, Any] = {"user_id": caller.user_id, "limit": clamped(limit, 1, MOST_LISTED) or LISTED}
    wanted = _note_id(note_id)
    if wanted is None:
        rows = await read.all(queries.LIST, **params)
    else:
        rows = await read.all(queries.LIST_OF_NOTE, note_id=wanted, **params)
    return [session_payload(row) for row in rows]


def _note_id(text: str) -> int | None:
    try:
        return Id(zero_is_null=True).convert(text.strip())
    except PydanticCustomError as error:
        raise BadRequest(f"note_id: {error.message()}") from None


@router.post("/", status_code=201, response_model=SessionPayload)
async def open_session(
    caller: LoggedIn,
    wanted: Annotated[OpenSession, read_body(OpenSession)],
    read: ReadSession,
    notes: Notes,
    db: WriteSession,
) -> dict[str, Any]:
    """Begin a session on an own note (planner §8); 404 for any other, 503 when notes must be asked and is away."""
    note = await find_note(read, notes, wanted.note_id)
    row = await service.open_session(db, caller.user_id, wanted, note)
    return await _answer(db, row.id)


@router.patch("/{session_id:id}/", response_model=SessionPayload)
async def change_session(
    caller: LoggedIn,
    session_id: OwnSession,
    changed: Annotated[ChangeSession, read_body(ChangeSession)],
    db: WriteSession,
) -> dict[str, Any]:
    """Change title, summary, start or end of an own session (planner §8); else 404, before the body is looked at."""
    row = await service.change_session(db, caller.user_id, session_id, changed)
    return await _answer(db, row.id)


async def _answer(db: AsyncSession, session_id: int) -> dict[str, Any]:
    row = await SessionReader(db).one(queries.ONE, session_id=session_id)
    if row is None:
        raise NotFound(service.NO_SESSION)
    return session_payload(row)
