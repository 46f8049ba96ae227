"""Whether an account still exists, settled against its deletion arriving at the same time."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Text, bindparam, cast, exists, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.errors import INVALID_TOKEN, Unauthorized
from notechondria_shared.db.reader import SessionReader, prepare_command, prepare_scalar
from notechondria_shared.messaging.tables import EventTables

_USER = bindparam("user_id", type_=BigInteger)


class AccountGuard:
    """Decides, per transaction, whether rows of an account may still be added.

    Writers take a shared advisory lock on the account, its deletion takes the exclusive one: so a row is either there
    when the deletion looks, or its writer sees that the account is gone. Lock order: the account before everything
    else of it.
    """

    def __init__(self, tables: EventTables) -> None:
        deleted = tables.deleted_users
        # Two keys: the space of single keys belongs to the relay and to migrations.
        key = _lock_key(f"{tables.schema}.account")
        self._is_present = prepare_scalar(select(getattr(func, tables.schema).account_is_present(_USER)), bool)
        asked = func.unnest(bindparam("user_ids", type_=ARRAY(BigInteger))).column_valued("asked")
        self._present = prepare_scalar(select(asked).where(getattr(func, tables.schema).account_is_present(asked)), int)
        self._lock = prepare_command(select(func.pg_advisory_xact_lock(*key)))
        self._is_deleted = prepare_scalar(select(exists().where(deleted.c.user_id == _USER)), bool)
        self._mark = prepare_command(
            upsert(deleted).values(user_id=bindparam("user_id", required=True)).on_conflict_do_nothing()
        )

    async def lock(self, db: AsyncSession, user_id: int) -> bool:
        """Keep others from adding to the account until the transaction ends; False when it is deleted."""
        read = SessionReader(db)
        await read.all(self._lock, user_id=user_id)
        # A statement of its own: its snapshot must be younger than the lock.
        return not await read.value(self._is_deleted, user_id=user_id)

    async def require_lock(self, db: AsyncSession, user_id: int) -> None:
        """As `lock`; 401 when the account is deleted."""
        if not await self.lock(db, user_id):
            raise Unauthorized(INVALID_TOKEN)

    async def is_present(self, db: AsyncSession, user_id: int) -> bool:
        """True while the account exists; then it is not wiped before the transaction ends."""
        return bool(await SessionReader(db).value(self._is_present, user_id=user_id))

    async def all_present(self, db: AsyncSession, user_ids: Iterable[int]) -> set[int]:
        """Those of the accounts that exist, in one round trip; they are not wiped before the transaction ends."""
        # Locks are taken in the order of the ids.
        return set(await SessionReader(db).all(self._present, user_ids=sorted(set(user_ids))))

    async def require_present(self, db: AsyncSession, user_id: int) -> None:
        """401 when the caller's account was deleted while the request was under way."""
        if not await self.is_present(db, user_id):
            raise Unauthorized(INVALID_TOKEN)

    async def mark_deleted(self, db: AsyncSession, user_id: int) -> None:
        """Lock the account and record that it is gone: nothing of it is added any more."""
        await SessionReader(db).all(self._lock, user_id=user_id)
        await SessionReader(db).run(self._mark, {"user_id": user_id})


def create_guard_function(schema: str) -> None:
    """For migrations: make the function that takes the shared lock and then looks, in one round trip.

    Each event of a consumer asks it. A statement in PL/pgSQL has a snapshot of its own, so the look is younger than the
    lock, as it must be (https://www.postgresql.org/docs/current/xfunc-volatility.html).
    """
    from alembic import op  # noqa: PLC0415 - only usable inside a migration

    op.execute(
        f"""
        CREATE FUNCTION {schema}.account_is_present(account bigint) RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(hashtext('{schema}.account'), hashtext(account::text));
            RETURN NOT EXISTS (SELECT FROM {schema}.deleted_users WHERE user_id = account);
        END $$
        """
    )


def _lock_key(name: str) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return func.hashtext(name), func.hashtext(cast(_USER, Text))
