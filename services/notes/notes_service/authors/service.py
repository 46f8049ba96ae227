"""Authors: what notes keep of accounts, told by identity or met at the door."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.identity import UserState
from notechondria_shared.auth import Caller
from notechondria_shared.core.errors import INVALID_TOKEN, Unauthorized
from notechondria_shared.db import SessionReader, prepare
from notes_service.models import EVENTS, Author


async def lock_account(db: AsyncSession, user_id: int) -> bool:
    """Wait for others that make, seed or wipe this author; False when the account is deleted. Until the commit."""
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"author:{user_id}", 0))))
    gone = EVENTS.deleted_users
    return await db.scalar(select(gone.c.user_id).where(gone.c.user_id == user_id)) is None


async def lock(db: AsyncSession, user_id: int, *, exclusive: bool = False) -> Author:
    """The caller's author row, kept from being wiped until the commit; 401 when the account is deleted.

    `exclusive` also keeps out the user's other exclusive writers: the courses of one user change one at a time.
    Locks are taken in the order author, course, note, everywhere.
    """
    author: Author | None = await db.scalar(
        select(Author).where(Author.user_id == user_id).with_for_update(key_share=True, read=not exclusive)
    )
    if author is None:
        raise Unauthorized(INVALID_TOKEN)
    return author


_HOLDS = {
    exclusive: prepare(
        select(Author.user_id)
        .where(Author.user_id == bindparam("user_id"))
        .with_for_update(key_share=True, read=not exclusive)
    )
    for exclusive in (False, True)
}


async def lock_author_shared(db: AsyncSession, user_id: int, *, exclusive: bool = False) -> None:
    """As `lock`, for who does not need the row."""
    if await SessionReader(db).value(_HOLDS[exclusive], user_id=user_id) is None:
        raise Unauthorized(INVALID_TOKEN)


async def upsert_author(db: AsyncSession, caller: Caller) -> Author:
    """The locked author row of a caller, made from the credential's word when no fact has brought it yet."""
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
    """The locked author row brought up to a fact; one that knows a newer fact stays as it is."""
    news = upsert(Author).values(
        user_id=event.user_id,
        username=event.username,
        image_path=event.image_path,
        editor_mode=event.editor_mode,
        revision=event.revision,
    )
    told = {name: news.excluded[name] for name in ("username", "image_path", "editor_mode", "revision")}
    await db.execute(
        news.on_conflict_do_update(
            index_elements=[Author.user_id], set_=told, where=Author.revision < news.excluded.revision
        )
    )
    return await lock(db, event.user_id, exclusive=True)
