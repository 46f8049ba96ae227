"""Authors: the projection of identity's accounts, and the locks on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.identity import UserState
from notechondria_shared.auth import Caller
from notechondria_shared.core.errors import INVALID_TOKEN, Unauthorized
from notechondria_shared.db import SessionReader, prepare, prepare_command, prepare_scalar
from notechondria_shared.messaging.accounts import AccountGuard
from notechondria_shared.messaging.projection import Projection
from notes_service.models import EVENTS, Author

ACCOUNTS = AccountGuard(EVENTS)
"""Locks are taken in the order account, author, course, note, everywhere."""
AUTHORS = Projection(Author, Author.user_id, {"revision": ("username", "image_path", "editor_mode")})


_LOCKS = {
    exclusive: prepare_scalar(
        select(Author.user_id)
        .where(Author.user_id == bindparam("user_id"))
        .with_for_update(key_share=True, read=not exclusive),
        int,
    )
    for exclusive in (False, True)
}


async def lock_author_shared(db: AsyncSession, user_id: int, *, exclusive: bool = False) -> None:
    """Keep the author of the user from being deleted before the commit; 401 when the account is deleted.

    `exclusive` also blocks the user's other exclusive writers: the courses of one user change one at a time.
    """
    if await SessionReader(db).value(_LOCKS[exclusive], user_id=user_id) is None:
        raise Unauthorized(INVALID_TOKEN)


@dataclass(slots=True)
class LockedAuthor:
    """An author whose row is locked, exclusively, until the transaction ends."""

    user_id: int
    seeded_at: datetime | None


_LOCKED = prepare(
    select(Author.user_id, Author.seeded_at)
    .where(Author.user_id == bindparam("user_id", type_=BigInteger))
    .with_for_update(key_share=True),
    LockedAuthor,
)
_KEEP = prepare_command(
    upsert(Author)
    .values(
        revision=0,
        **{name: bindparam(name, required=True) for name in ("user_id", "username", "image_path", "editor_mode")},
    )
    .on_conflict_do_nothing()
)


async def _locked(db: AsyncSession, user_id: int) -> LockedAuthor:
    author = await SessionReader(db).one(_LOCKED, user_id=user_id)
    if author is None:
        raise Unauthorized(INVALID_TOKEN)
    return author


async def upsert_author(db: AsyncSession, caller: Caller) -> LockedAuthor:
    """The author row of a caller, made from the credential when no event has brought it yet."""
    row = {"user_id": caller.user_id, "username": caller.username}
    await SessionReader(db).run(_KEEP, {**row, "image_path": caller.image_path, "editor_mode": caller.editor_mode})
    return await _locked(db, caller.user_id)


async def project(db: AsyncSession, event: UserState) -> LockedAuthor:
    """The author row brought up to an event; one that knows a newer event stays as it is."""
    await AUTHORS.upsert(
        db,
        user_id=event.user_id,
        revision=event.revision,
        username=event.username,
        image_path=event.image_path,
        editor_mode=event.editor_mode,
    )
    return await _locked(db, event.user_id)
