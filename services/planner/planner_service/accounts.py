"""Whether an account is still there, settled against its deletion arriving in the same moment."""

from __future__ import annotations

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.database import SessionReader, prepare
from notechondria_shared.errors import INVALID_TOKEN, Unauthorized
from planner_service.models import EVENTS

_IS_DELETED = prepare(select(exists().where(EVENTS.deleted_users.c.user_id == bindparam("user_id"))))


def _lock_key(user_id: int) -> tuple[object, object]:
    # Two keys: the one-key space belongs to relay and migrations.
    return func.hashtext("planner.account"), func.hashtext(str(user_id))


async def lock_exclusively(session: AsyncSession, user_id: int) -> None:
    """Wait until nobody adds things to the account, and keep it so until the transaction ends: before removing."""
    await session.execute(select(func.pg_advisory_xact_lock(*_lock_key(user_id))))


async def is_present(session: AsyncSession, user_id: int) -> bool:
    """True while the account exists; it is not wiped before the transaction ends: before adding to it."""
    await session.execute(select(func.pg_advisory_xact_lock_shared(*_lock_key(user_id))))
    # A statement of its own: its snapshot must be younger than the lock.
    return not await SessionReader(session).value(_IS_DELETED, user_id=user_id)


async def require_present(session: AsyncSession, user_id: int) -> None:
    """401 when the caller's account was deleted while the request was under way."""
    if not await is_present(session, user_id):
        raise Unauthorized(INVALID_TOKEN)
