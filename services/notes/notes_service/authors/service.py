"""Authors: the projection of identity's accounts, and the locks on them."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.identity import UserState
from notechondria_shared.auth import Caller
from notechondria_shared.core.errors import INVALID_TOKEN, Unauthorized
from notechondria_shared.db import SessionReader
from notechondria_shared.db.reader import prepare_scalar
from notechondria_shared.messaging.accounts import AccountGuard
from notechondria_shared.messaging.projection import Projection
from notes_service.models import EVENTS, Author

ACCOUNTS = AccountGuard(EVENTS)
"""Locks are taken in the order account, author, course, note, everywhere."""
AUTHORS = Projection(Author, Author.user_id, {"revision": ("username", "image_path", "editor_mode")})


async def lock(db: AsyncSession, user_id: int, *, exclusive: bool = False) -> Author:
    """The author row of a user, which is not deleted before the commit; 401 when the account is deleted.

    `exclusive` also blocks the user's other exclusive writers: the courses of one user change one at a time.
    """
    author: Author | None = await db.scalar(
        select(Author).where(Author.user_id == user_id).with_for_update(key_share=True, read=not exclusive)
    )
    if author is None:
        raise Unauthorized(INVALID_TOKEN)
    return author


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
    """As `lock`, for callers that do not need the row."""
    if await SessionReader(db).value(_LOCKS[exclusive], user_id=user_id) is None:
        raise Unauthorized(INVALID_TOKEN)


async def upsert_author(db: AsyncSession, caller: Caller) -> Author:
    """The locked author row of a caller, made from the credential when no event has brought it yet."""
    await db.execute(
        upsert(Author)
        .values(
            user_id=caller.user_id,
            username=caller.username,
            image_path=caller.image_path,
            editor_mode=caller.editor_mode,
        )
        .on_conflict_do_nothing()
    )
    return await lock(db, caller.user_id, exclusive=True)


async def project(db: AsyncSession, event: UserState) -> Author:
    """The locked author row brought up to an event; one that knows a newer event stays as it is."""
    await AUTHORS.upsert(
        db,
        user_id=event.user_id,
        revision=event.revision,
        username=event.username,
        image_path=event.image_path,
        editor_mode=event.editor_mode,
    )
    return await lock(db, event.user_id, exclusive=True)
