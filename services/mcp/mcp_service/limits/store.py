"""The buckets of API keys in Postgres, where all replicas take from the same one."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import Float

from mcp_service.models import RateBucket
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notechondria_shared.db.batches import delete_in_batches

IDLE = timedelta(hours=1)
"""A bucket that was not asked for so long is full, as one that is not there."""


async def lease(database: Database, digest: str, per_minute: int, wanted: int) -> tuple[int, float]:
    """Take up to `wanted` requests out of a key's bucket, by the database's clock: (how many, what is left).

    A bucket holds `per_minute` requests and fills evenly within a minute.
    """
    size, at = float(per_minute), func.now()
    # Of two replicas that wait for each other the second may have begun first: time does not run backwards.
    passed = func.greatest(0, func.extract("epoch", at - RateBucket.filled_at).cast(Float))
    filled = func.least(size, RateBucket.tokens + passed * (size / 60))
    granted = func.least(wanted, func.floor(filled))
    first = min(wanted, per_minute)
    statement = (
        upsert(RateBucket)
        .values(digest=digest, tokens=size - first, granted=first, filled_at=at)
        .on_conflict_do_update(
            index_elements=[RateBucket.digest],
            set_={
                "tokens": filled - granted,
                "granted": granted,
                "filled_at": func.greatest(RateBucket.filled_at, at),
            },
        )
        .returning(RateBucket.granted, RateBucket.tokens)
    )
    async with database.transaction() as db:
        row = (await db.execute(statement)).one()
    return int(row.granted), float(row.tokens)


async def forget_idle(database: Database) -> int:
    """Delete buckets that nobody asked for in an hour; how many went."""
    return await delete_in_batches(database, RateBucket, RateBucket.filled_at < now() - IDLE)
