"""The caller of an endpoint as an author (ADR 0003): the first request makes author, Inbox and welcome note."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from notechondria_shared.auth import Caller, LoggedIn, MaybeCaller
from notes_service.authors import queries
from notes_service.authors.service import ACCOUNTS, upsert_author
from notes_service.dependencies import State
from notes_service.seeding.service import seed_once
from notes_service.state import NotesState


async def ensure_author(state: NotesState, caller: Caller) -> None:
    """Make what the caller lacks; 401 when the account is deleted."""
    if caller.user_id in state.known_authors:
        return
    if await state.database.reader.value(queries.SEEDED, user_id=caller.user_id) is None:
        async with state.database.transaction() as db:
            await ACCOUNTS.require_lock(db, caller.user_id)
            await seed_once(db, await upsert_author(db, caller))
    state.known_authors.add(caller.user_id)


async def require_author(state: State, caller: LoggedIn) -> Caller:
    """The caller, who has an author row."""
    await ensure_author(state, caller)
    return caller


async def allow_author(state: State, caller: MaybeCaller) -> Caller | None:
    """The caller, who has an author row, or None."""
    if caller is not None:
        await ensure_author(state, caller)
    return caller


KnownCaller = Annotated[Caller, Depends(require_author)]
MaybeKnownCaller = Annotated[Caller | None, Depends(allow_author)]

ANONYMOUS = 0
"""The user id of nobody, in statements that ask what a caller may see."""


def viewer(caller: Caller | None) -> int:
    """The user id to read as."""
    return caller.user_id if caller else ANONYMOUS
