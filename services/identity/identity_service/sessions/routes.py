"""Probe, logout and the list of devices (identity §7.6 - §7.9)."""

from __future__ import annotations

from fastapi import APIRouter, Request

from identity_service.accounts.payload import auth_payload
from identity_service.accounts.schemas import Authenticated, NotAuthenticated
from identity_service.models import Session, User
from identity_service.sessions import queries, service
from identity_service.sessions.introspection import DatabaseIntrospector
from identity_service.sessions.schemas import SessionList
from notechondria_shared.auth import LoggedIn
from notechondria_shared.auth.credentials import parse_authorization
from notechondria_shared.core.errors import Unauthorized
from notechondria_shared.core.timestamps import iso_offset, now
from notechondria_shared.db import Database
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.openapi import refusals

router = APIRouter(prefix="/api/v1/auth", tags=["sessions"])


@router.get("/session/")
async def probe(request: Request) -> Authenticated | NotAuthenticated:
    """Always 200: the AuthPayload with `authenticated: true` for a live session, else `{"authenticated": false}`.

    Reads the header itself and neither touches nor mints a session (identity §7.6).
    """
    header = request.headers.get("authorization")
    try:
        credential = parse_authorization(header)
    except Unauthorized:
        credential = None
    if credential is None or credential.kind != "session" or header is None:
        return NotAuthenticated()
    introspector: DatabaseIntrospector = request.app.state.introspector
    found = await introspector.introspect(credential, touch=False)
    database: Database = request.app.state.database
    async with database.transaction() as db:
        row = await db.get(Session, found.credential_id) if found.active else None
        user = await db.get(User, found.user_id) if found.active else None
    if row is None or user is None:
        return NotAuthenticated()
    token = header.strip().partition(" ")[2].strip()
    return Authenticated(**dict(await auth_payload(request, user, token, row)))


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
    return SessionList.model_validate(
        {
            "sessions": [
                {
                    "id": row["id"],
                    "device_label": row["device_label"],
                    "user_agent": row["user_agent"],
                    "ip_hash_prefix": row["ip_hash"][:8],
                    "created_at": iso_offset(row["created_at"]),
                    "last_seen_at": iso_offset(row["last_seen_at"]),
                    "is_current": row["id"] == current,
                }
                for row in rows
            ],
            "current_session_id": current,
        }
    )


@router.delete("/sessions/{session_id:id}/", status_code=204, responses=refusals(403, 404))
async def revoke_session(caller: LoggedIn, session_id: int, db: WriteSession) -> None:
    """End an own session, also the current or an already ended one; 404 otherwise (identity §7.9)."""
    await service.revoke(db, caller.user_id, session_id)
