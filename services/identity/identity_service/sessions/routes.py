"""Logout and the list of devices (identity §7.7 - §7.9)."""

from __future__ import annotations

from identity_service.sessions import queries, service
from identity_service.sessions.schemas import SessionList, SessionRow
from notechondria_shared.auth import LoggedIn, WithSession
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.openapi import refusals
from notechondria_shared.web.router import Router

router = Router(prefix="/api/v1/auth", tags=["sessions"])


@router.post("/logout/", status_code=204)
async def logout(caller: LoggedIn, db: WriteSession) -> None:
    """End the calling session; with an API key nothing is revoked (identity §7.7)."""
    if caller.kind == "session" and caller.credential_id is not None:
        await service.revoke(db, caller.user_id, caller.credential_id)


@router.get("/sessions/")
async def list_sessions(caller: LoggedIn, read: ReadSession) -> SessionList:
    """Active sessions, last seen first; keys and full hashes are never included (identity §7.8)."""
    current = caller.credential_id if caller.kind == "session" else None
    rows = await read.all(queries.ACTIVE, user_id=caller.user_id, now=now())
    return SessionList(sessions=[SessionRow.of(row, current) for row in rows], current_session_id=current)


@router.delete("/sessions/{session_id:id}/", status_code=204, responses=refusals(403, 404))
async def revoke_session(caller: WithSession, session_id: int, db: WriteSession) -> None:
    """End an own session, also the current or an already ended one; 404 otherwise (identity §7.9)."""
    await service.revoke(db, caller.user_id, session_id)
