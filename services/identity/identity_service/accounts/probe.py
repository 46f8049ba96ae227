"""The probe: what the apps ask at their start (identity §7.6)."""

from __future__ import annotations

from fastapi import Request

from identity_service.accounts.payload import auth_payload
from identity_service.accounts.schemas import Authenticated, NotAuthenticated
from identity_service.dependencies import State
from identity_service.introspection.service import DatabaseIntrospector
from identity_service.models import Session, User
from notechondria_shared.auth.credentials import parse_authorization
from notechondria_shared.core.errors import Unauthorized
from notechondria_shared.web.router import Router

router = Router(prefix="/api/v1/auth", tags=["sessions"])


@router.get("/session/")
async def probe(request: Request, state: State) -> Authenticated | NotAuthenticated:
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
    introspector = DatabaseIntrospector(state.database)
    answer = await introspector.introspect(credential, touch=False)
    async with state.database.transaction() as db:
        row = await db.get(Session, answer.credential_id) if answer.active else None
        user = await db.get(User, answer.user_id) if answer.active else None
    if row is None or user is None:
        return NotAuthenticated()
    token = header.strip().partition(" ")[2].strip()
    return Authenticated(**dict(await auth_payload(request, user, token, row)))
