"""Whether an account is still there, settled against its deletion arriving in the same moment."""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, cast, exists, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.errors import INVALID_TOKEN, Unauthorized
from notechondria_shared.db import SessionReader, prepare
from planner_service.models import EVENTS

_IS_DELETED = prepare(select(exists().where(EVENTS.deleted_users.c.user_id == bindparam("user_id"))))


def _lock_key(user_id: ColumnElement[int]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    # Two keys: the one-key space belongs to relay and migrations.
    return func.hashtext("planner.account"), func.hashtext(cast(user_id, Text))


_PRESENT = "accounts known to be present"
"""What a session, which is one transaction, remembers: the locks it holds keep it true."""
_USER = bindparam("user_id", type_=BigInteger)
_SHARE = prepare(select(func.pg_advisory_xact_lock_shared(*_lock_key(_USER))))
_LOCK = prepare(select(func.pg_advisory_xact_lock(*_lock_key(_USER))))


async def lock_exclusively(db: AsyncSession, user_id: int) -> None:
    """Wait until nobody adds things to the account, and keep it so until the transaction ends: before removing."""
    await SessionReader(db).value(_LOCK, user_id=user_id)


async def is_present(db: AsyncSession, user_id: int) -> bool:
    """True while the account exists; it is not wiped before the transaction ends: before adding to it."""
    present: set[int] = db.info.setdefault(_PRESENT, set())
    if user_id not in present:
        read = SessionReader(db)
        await read.value(_SHARE, user_id=user_id)
        # A statement of its own: its snapshot must be younger than the lock.
        if await read.value(_IS_DELETED, user_id=user_id):
            return False
        present.add(user_id)
    return True


async def forget(db: AsyncSession, user_id: int) -> None:
    """The account is gone, for this transaction too, and for all others when it ends."""
    await db.execute(upsert(EVENTS.deleted_users).values(user_id=user_id).on_conflict_do_nothing())
    db.info.setdefault(_PRESENT, set()).discard(user_id)
    await lock_exclusively(db, user_id)


async def require_present(db: AsyncSession, user_id: int) -> None:
    """401 when the caller's account was deleted while the request was under way."""
    if not await is_present(db, user_id):
        raise Unauthorized(INVALID_TOKEN)
