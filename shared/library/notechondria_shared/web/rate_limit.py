"""Rate limits that hold over all replicas: token buckets in Postgres (ADR 0025).

A bucket holds a minute's worth of tokens, or a day's (`daily`), and fills evenly. All times are the database's, so that
the replicas' clocks do not matter. `TokenBuckets` counts every try in the caller's transaction; `LeasedBuckets` takes
tokens in advance, for requests that are too many to write a row each.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Float,
    Index,
    MetaData,
    String,
    Table,
    and_,
    case,
    func,
    or_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.errors import TooManyRequests
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notechondria_shared.db.batches import delete_in_batches
from notechondria_shared.db.tables import NAMING

logger = logging.getLogger("notechondria.limits")
SHARES = 20
"""A replica leases one part in so many at a time: as far may a key be off its limit per further replica."""
LEASE_SECONDS = 60.0
"""Tokens that a replica leased and did not use expire after so long."""
PATIENCE_SECONDS = 1.0
REMEMBERED = 50_000
MINUTE_SECONDS, DAY_SECONDS = 60, 86_400
IDLE, IDLE_DAILY = timedelta(hours=1), timedelta(days=1)
"""A bucket that nobody asked for in so long is full, as one that is not there."""
_DAILY = "day:"


def daily(bucket: str) -> str:
    """The name of a bucket whose limit is tokens per day, not per minute."""
    return f"{_DAILY}{bucket}"


def period_of(bucket: str) -> int:
    """Seconds in which a bucket fills from empty to full."""
    return DAY_SECONDS if bucket.startswith(_DAILY) else MINUTE_SECONDS


def bucket_table(metadata: MetaData) -> Table:
    """The table of buckets in the schema of `metadata`. Unlogged: after a crash all buckets are full again."""
    return Table(
        "rate_buckets",
        metadata,
        Column("bucket", String(128), primary_key=True),
        # How many tokens were left at `filled_at`, and how many the last one who asked got.
        Column("tokens", Float, nullable=False),
        Column("granted", BigInteger, nullable=False),
        Column("filled_at", DateTime(timezone=True), nullable=False),
        Index("ix_rate_buckets_filled_at", "filled_at"),
        prefixes=["UNLOGGED"],
    )


def create_bucket_table(schema: str) -> None:
    """For migrations: make the table of buckets."""
    from alembic import op  # noqa: PLC0415 - only usable inside a migration

    bucket_table(metadata := MetaData(schema=schema, naming_convention=NAMING))
    metadata.create_all(op.get_bind())


@dataclass(frozen=True, slots=True)
class Grant:
    """What one bucket gave."""

    granted: int
    tokens: float
    """What is left."""


async def take(db: AsyncSession, table: Table, limits: Mapping[str, int], requested: int = 1) -> dict[str, Grant]:
    """Take up to `requested` tokens out of each bucket, in one statement; `limits` are tokens per minute, or per day
    for names made by `daily`.

    The rows stay locked until the transaction ends. Buckets are taken in the order of their names, so that two
    transactions with the same buckets do not wait for each other.
    """
    at = func.now()
    first = {bucket: min(requested, limits[bucket]) for bucket in sorted(limits)}
    statement = upsert(table).values(
        [
            {"bucket": bucket, "tokens": float(limits[bucket] - granted), "granted": granted, "filled_at": at}
            for bucket, granted in first.items()
        ]
    )
    # The row that could not be inserted says how large its bucket is: what it would have left and granted.
    size = statement.excluded.tokens + statement.excluded.granted
    # Of two transactions that wait for each other the second may have begun first: time does not run backwards.
    passed = func.greatest(0, func.extract("epoch", at - table.c.filled_at).cast(Float))
    period = case((table.c.bucket.startswith(_DAILY), DAY_SECONDS), else_=MINUTE_SECONDS)
    filled = func.least(size, table.c.tokens + passed * (size / period))
    granted = func.least(requested, func.floor(filled))
    rows = await db.execute(
        statement.on_conflict_do_update(
            index_elements=[table.c.bucket],
            set_={
                "tokens": filled - granted,
                "granted": granted,
                "filled_at": func.greatest(table.c.filled_at, at),
            },
        ).returning(table.c.bucket, table.c.granted, table.c.tokens)
    )
    return {row.bucket: Grant(int(row.granted), float(row.tokens)) for row in rows}


def seconds_until_next(tokens: float, limit: int, period_seconds: int = MINUTE_SECONDS) -> int:
    """When a bucket with less than one token has one again, in whole seconds."""
    return max(1, math.ceil((1 - tokens) * period_seconds / limit))


async def delete_idle(database: Database, table: Table) -> int:
    """Delete buckets that nobody asked for in an hour, or in a day where they hold a day's worth; how many."""
    of_a_day = table.c.bucket.startswith(_DAILY)
    full = or_(
        and_(of_a_day, table.c.filled_at < now() - IDLE_DAILY), and_(~of_a_day, table.c.filled_at < now() - IDLE)
    )
    return await delete_in_batches(database, table, full)


class TokenBuckets:
    """Buckets of which each try takes one token, all or none."""

    def __init__(self, table: Table, limits: Mapping[str, int], refusal: str) -> None:
        self._table, self._limits, self._refusal = table, limits, refusal

    async def take(self, db: AsyncSession) -> None:
        """Count one try; 429 with `Retry-After` when a bucket is empty. A refused try is rolled back."""
        for bucket, grant in (await take(db, self._table, self._limits)).items():
            if not grant.granted:
                wait = seconds_until_next(grant.tokens, self._limits[bucket], period_of(bucket))
                raise TooManyRequests(self._refusal, retry_after=wait)

    async def give_back(self, db: AsyncSession) -> None:
        """Take a try back."""
        table = self._table
        for bucket in sorted(self._limits):
            await db.execute(
                update(table)
                .where(table.c.bucket == bucket)
                .values(tokens=func.least(float(self._limits[bucket]), table.c.tokens + 1))
            )


@dataclass(slots=True)
class _Lease:
    """What this replica may still hand out for a key."""

    tokens: int = 0
    until: float = 0.0
    refused_until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class LeasedBuckets:
    """A bucket per key, of which this replica leases a twentieth of a minute's worth at a time. 0 per minute: no limit.

    While the database is away each replica hands out an even flow of the same rate by itself.
    """

    def __init__(
        self, database: Database, table: Table, per_minute: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._table, self._per_minute, self._clock = database, table, per_minute, clock
        self._at_once = max(1, per_minute // SHARES)
        self._leases: OrderedDict[str, _Lease] = OrderedDict()

    async def take(self, key: str) -> int:
        """0 when a request was left for the key, else the seconds until the next one, rounded up."""
        if self._per_minute <= 0:
            return 0
        lease = self._leases.setdefault(key, _Lease())
        self._leases.move_to_end(key)
        if len(self._leases) > REMEMBERED:
            self._leases.popitem(last=False)
        async with lease.lock:
            at = self._clock()
            if lease.until <= at:
                lease.tokens = 0
            if not lease.tokens and lease.refused_until <= at:
                await self._renew(key, lease, at)
            if not lease.tokens:
                return max(1, math.ceil(lease.refused_until - at))
            lease.tokens -= 1
            return 0

    async def _renew(self, key: str, lease: _Lease, at: float) -> None:
        lease.until, lease.refused_until = at + LEASE_SECONDS, at
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._database.transaction() as db:
                grant = (await take(db, self._table, {key: self._per_minute}, self._at_once))[key]
        except Exception as error:
            # Not worth refusing anybody: this share has to last until the next one is due by the clock.
            logger.warning("limits are counted by this replica alone: %r", error)
            lease.tokens, lease.refused_until = self._at_once, at + self._at_once * 60 / self._per_minute
            return
        lease.tokens = grant.granted
        if not lease.tokens:
            # Whole seconds, as the client is asked to wait: a client that hammers costs one look a second.
            lease.refused_until = at + seconds_until_next(grant.tokens, self._per_minute)
