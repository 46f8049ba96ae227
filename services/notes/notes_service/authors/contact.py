"""First contact (ADR 0003): whoever signs in has an author row, an Inbox and a welcome note from then on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from notechondria_shared.auth import Caller, LoggedIn, MaybeCaller
from notechondria_shared.core.errors import INVALID_TOKEN, Unauthorized
from notechondria_shared.db import Database
from notes_service.authors import queries, service
from notes_service.seeding.service import seed_once

KNOWN_LIMIT = 100_000


class KnownAuthors:
    """User ids that this process has seen to be seeded: they cost no look at the database."""

    def __init__(self) -> None:
        self._ids: set[int] = set()

    def __contains__(self, user_id: int) -> bool:
        return user_id in self._ids

    def add(self, user_id: int) -> None:
        """Remember; a full memory starts over."""
        if len(self._ids) >= KNOWN_LIMIT:
            self._ids.clear()
        self._ids.add(user_id)

    def forget(self, user_id: int) -> None:
        """The account is deleted."""
        self._ids.discard(user_id)


async def ensure_author(request: Request, caller: Caller) -> None:
    """Make what the caller misses; 401 when the account was deleted a moment ago."""
    known: KnownAuthors = request.app.state.known_authors
    if caller.user_id in known:
        return
    database: Database = request.app.state.database
    if await database.reader.value(queries.SEEDED, user_id=caller.user_id) is None:
        async with database.transaction() as db:
            if not await service.lock_account(db, caller.user_id):
                raise Unauthorized(INVALID_TOKEN)
            await seed_once(db, await service.upsert_author(db, caller))
    known.add(caller.user_id)


async def require_author(request: Request, caller: LoggedIn) -> Caller:
    """The caller, known to notes."""
    await ensure_author(request, caller)
    return caller


async def allow_author(request: Request, caller: MaybeCaller) -> Caller | None:
    """The caller, known to notes, or None."""
    if caller is not None:
        await ensure_author(request, caller)
    return caller


KnownCaller = Annotated[Caller, Depends(require_author)]
MaybeKnownCaller = Annotated[Caller | None, Depends(allow_author)]

ANONYMOUS = 0
"""The user id of nobody, in statements that ask what a caller may see."""


def viewer(caller: Caller | None) -> int:
    """The user id to read as."""
    return caller.user_id if caller else ANONYMOUS
