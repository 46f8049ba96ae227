"""What a credential stands for: identity's own answer, and the one it gives other services (ADR 0005)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.dependencies import State
from identity_service.models import ACTIVE
from identity_service.sessions import grants, keys, queries, service
from notechondria_contracts.fields import Choice, Text
from notechondria_contracts.services import ACTS_AT
from notechondria_shared.auth.caller import BY_APP_PASSWORD
from notechondria_shared.auth.credentials import Credential, Kind
from notechondria_shared.auth.introspection import Introspection
from notechondria_shared.core.errors import Unavailable
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notechondria_shared.web import Body
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.route import ApiRoute
from notechondria_shared.web.router import Router

logger = logging.getLogger("notechondria.auth")
ASKS = CalledBy("notes", "planner", "mcp", "web")
Asking = Annotated[str, Depends(ASKS)]
"""The service that asks."""
router = Router(prefix="/internal", include_in_schema=False, dependencies=[Depends(ASKS)], route_class=ApiRoute)


class DatabaseIntrospector:
    """Looks credentials up in identity's own tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def introspect(self, credential: Credential, *, patience: float = 0.0, touch: bool = True) -> Introspection:
        """The answer for a credential; nobody is waited for.

        `touch=False` leaves `last_seen_at` alone (the probe, identity §7.6).
        """
        del patience  # the tables are this service's own
        if credential.kind == "session":
            return await self._session(credential.digest, touch=touch)
        if credential.kind == "token":
            return await self._token(credential.digest, touch=touch)
        return await self._key_of(credential.digest, touch=touch)

    async def _session(self, digest: str, *, touch: bool) -> Introspection:
        row = await self._database.reader.one(queries.BY_SESSION, digest=digest)
        problem = session_problem(row)
        if row is None or problem:
            return Introspection(active=False, reason=problem or "unknown")
        if touch and service.is_stale(row.last_seen_at):
            await self._touch("session", row.credential_id, service.touch)
        scopes = ["read", "write", *([BY_APP_PASSWORD] if row.app_password_id is not None else [])]
        return self._describe("session", row, scopes, row.created_at + queries.ABSOLUTE)

    async def _key_of(self, digest: str, *, touch: bool) -> Introspection:
        row = await self._database.reader.one(queries.BY_KEY, digest=digest)
        problem = _key_problem(row)
        if row is None or problem:
            return Introspection(active=False, reason=problem or "unknown")
        if touch and keys.is_stale(row.last_used_at):
            await self._touch("key", row.credential_id, keys.mark_used)
        return self._describe("key", row, row.scopes or ["read", "write"], row.expires_at)

    async def _token(self, digest: str, *, touch: bool) -> Introspection:
        row = await self._database.reader.one(queries.BY_TOKEN, digest=digest)
        problem = _key_problem(row)
        if row is None or problem:
            return Introspection(active=False, reason=problem or "unknown")
        if touch and grants.is_stale(row.last_used_at):
            await self._touch("token", row.credential_id, grants.mark_used)
        return self._describe("token", row, row.scopes, row.expires_at, audience=row.audience)

    def _describe(
        self,
        kind: Kind,
        row: queries.CredentialRow,
        scopes: list[str],
        ends_at: datetime | None,
        *,
        audience: str = "",
    ) -> Introspection:
        return Introspection(
            active=True,
            kind=kind,
            user_id=row.user_id,
            username=row.username,
            image_path=row.image_path,
            editor_mode=row.editor_mode,
            is_staff=row.is_staff,
            is_superuser=row.is_superuser,
            timezone=row.timezone,
            scopes=scopes,
            audience=audience,
            credential_id=row.credential_id,
            expires_in=(ends_at - now()).total_seconds() if ends_at else None,
        )

    async def _touch(
        self, kind: Kind, credential_id: int, touch: Callable[[AsyncSession, int], Awaitable[None]]
    ) -> None:
        """Record that the credential was used: a session once a minute, a key or program every five."""
        try:
            async with self._database.transaction() as db:
                await touch(db, credential_id)
        except Unavailable:
            # A late `last_seen_at` is no reason to refuse a request.
            logger.warning("%s %d could not be touched", kind, credential_id)


def session_problem(row: queries.SessionCredential | None) -> str:
    """Why a session row does not count, "" when it does."""
    if row is None:
        return "unknown"
    if row.revoked_at is not None:
        return "revoked"
    at = now()
    if row.last_seen_at <= at - queries.IDLE or row.created_at <= at - queries.ABSOLUTE:
        return "expired"
    return "" if row.status == ACTIVE else "disabled"


def _key_problem(row: queries.KeyCredential | queries.TokenCredential | None) -> str:
    if row is None:
        return "unknown"
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is not None and row.expires_at <= now():
        return "expired"
    return "" if row.status == ACTIVE else "disabled"


class Question(Body):
    """The digest of a credential; the credential itself never travels between services."""

    kind: Annotated[Kind, Choice(("session", "key", "token"))]
    digest: Annotated[str, Text(min_length=64, max_length=64)]


@router.post("/introspect")
async def introspect(state: State, asking: Asking, body: Question) -> Introspection:
    """What a credential stands for, with assertions for the services at which the one that asks acts for its users."""
    answer = await state.introspector.introspect(Credential(body.kind, body.digest, ""))
    services = ACTS_AT.get(asking, ()) if answer.active else ()
    claims = answer.model_dump()
    assertions = {name: state.keys.assertion(answer.user_id, claims, name, asking) for name in services}
    return answer.model_copy(update={"assertions": assertions})
