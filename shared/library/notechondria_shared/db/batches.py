"""Removing much in short transactions, so that nobody waits long for a lock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy import ColumnElement, Table, delete, inspect, select
from sqlalchemy.orm import DeclarativeBase

from notechondria_shared.db.engine import Database

BATCH = 2_000
"""Rows of one transaction where nothing but a row goes."""
PAUSE_SECONDS = 0.02
"""Between two batches: requests that wait for a connection come first."""


async def in_batches(remove: Callable[[], Awaitable[int]], size: int) -> int:
    """Call `remove`, which removes up to `size` rows in a transaction of its own, until it finds fewer; the sum."""
    removed = 0
    while True:
        count = await remove()
        removed += count
        if count < size:
            return removed
        await asyncio.sleep(PAUSE_SECONDS)


async def delete_in_batches(database: Database, table: type[DeclarativeBase] | Table, old: ColumnElement[bool]) -> int:
    """Delete the rows of `table` for which `old` holds; how many went. Replicas may do it side by side.

    However many rows there are, all of them go. A cancelled call keeps what its finished batches removed.
    """
    (key,) = table.primary_key if isinstance(table, Table) else inspect(table).primary_key
    some = select(key).where(old).limit(BATCH).with_for_update(skip_locked=True)
    gone = delete(table).where(key.in_(some)).returning(key).execution_options(synchronize_session=False)

    async def remove() -> int:
        async with database.transaction() as db:
            return len((await db.execute(gone)).all())

    return await in_batches(remove, BATCH)
