"""What a credential stands for: identity's own answer, and the one it gives other services (ADR 0005)."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from identity_service.api_keys import service as api_keys
from identity_service.models import ACTIVE
from identity_service.sessions import queries, service
from notechondria_contracts.fields import Choice, Text
from notechondria_shared.auth.assertion import AssertionKey
from notechondria_shared.auth.credentials import Credential, Kind
from notechondria_shared.auth.introspection import Introspection
from notechondria_shared.core.errors import Unavailable
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notechondria_shared.web import Body, read_body
from notechondria_shared.web.internal import require_internal

logger = logging.getLogger("notechondria.auth")
router = APIRouter(prefix="/internal", include_in_schema=False, dependencies=[Depends(require_internal)])


class DatabaseIntrospector:
    """Looks credentials up in identity's own tables."""

    def __init__(self, database: Database, key: AssertionKey) -> None:
        self._database, self._key = database, key

    async def introspect(self, credential: Credential, *, touch: bool = True) -> Introspection:
        """The answer for a credential. `touch=False` leaves `last_seen_at` alone (the probe, identity §7.6)."""
        if credential.kind == "session":
            row = await self._database.reader.one(queries.BY_SESSION, digest=credential.digest)
            problem = session_problem(row)
        else:
            row = await self._database.reader.one(queries.BY_KEY, digest=credential.digest)
            problem = _key_problem(row)
        if row is None or problem:
            return Introspection(active=False, reason=problem or "unknown")
        if touch:
            await self._touch(credential.kind, row)
        return self._describe(credential.kind, row)

    def _describe(self, kind: Kind, row: dict[str, Any]) -> Introspection:
        ends = row["created_at"] + queries.ABSOLUTE if kind == "session" else row["expires_at"]
        found = Introspection(
            active=True,
            kind=kind,
            user_id=row["user_id"],
            username=row["username"],
            image_path=row["image_path"],
            editor_mode=row["editor_mode"],
            is_staff=row["is_staff"],
            is_superuser=row["is_superuser"],
            scopes=row.get("scopes") or ["read", "write"],
            credential_id=row["credential_id"],
            expires_in=(ends - now()).total_seconds() if ends else None,
        )
        return found.model_copy(update={"assertion": self._key.sign(found.user_id, found.model_dump())})

    async def _touch(self, kind: Kind, row: dict[str, Any]) -> None:
        """Note that the credential was used: a session once a minute, a key every five."""
        stale = service.is_stale(row) if kind == "session" else api_keys.is_stale(row)
        if not stale:
            return
        try:
            async with self._database.transaction() as db:
                if kind == "session":
                    await service.touch(db, row["credential_id"])
                else:
                    await api_keys.mark_used(db, row["credential_id"])
        except Unavailable:
            # Being seen a minute late is no reason to refuse a request.
            logger.warning("%s %d could not be touched", kind, row["credential_id"])


def session_problem(row: dict[str, Any] | None) -> str:
    """Why a session row does not count, "" when it does."""
    if row is None:
        return "unknown"
    if row["revoked_at"] is not None:
        return "revoked"
    at = now()
    if row["last_seen_at"] <= at - queries.IDLE or row["created_at"] <= at - queries.ABSOLUTE:
        return "expired"
    return "" if row["status"] == ACTIVE else "disabled"


def _key_problem(row: dict[str, Any] | None) -> str:
    if row is None:
        return "unknown"
    if row["revoked_at"] is not None:
        return "revoked"
    if row["expires_at"] is not None and row["expires_at"] <= now():
        return "expired"
    return "" if row["status"] == ACTIVE else "disabled"


class Question(Body):
    """The digest of a credential; the credential itself never travels between services."""

    kind: Annotated[str, Choice(("session", "key"))]
    digest: Annotated[str, Text(min_length=64, max_length=64)]


@router.post("/introspect")
async def introspect(request: Request, question: Annotated[Question, read_body(Question)]) -> Introspection:
    """What a credential stands for."""
    introspector: DatabaseIntrospector = request.app.state.introspector
    kind: Kind = "session" if question.kind == "session" else "key"
    return await introspector.introspect(Credential(kind, question.digest, ""))
