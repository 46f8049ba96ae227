"""Limits on guessing, kept in Postgres so that every replica counts together (decision 30).

A bucket counts the tries of one account or one address within a minute. Only the entering of secrets is counted:
sessions and keys that are valid already are never looked at, so nobody can lock an owner out of a signed-in device.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import Request
from sqlalchemy import case, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.models import RateWindow
from identity_service.sessions.devices import Device
from identity_service.settings import IdentitySettings
from notechondria_shared.core.errors import ApiError, TooManyRequests
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notechondria_shared.db.batches import delete_in_batches

WINDOW = timedelta(minutes=1)
ADDRESS_FACTOR = 5
"""One address may stand for a household or a school: it gets this many times an account's tries."""
REFUSED = "Try refused: Backend.Creators.Auth/limit — too many tries, wait a moment."


class Buckets:
    """The two buckets of one kind of try: of the account it aims at, and of the address it comes from."""

    def __init__(self, per_minute: int, kind: str, account: str, address_hash: str) -> None:
        self._limits = {
            f"{kind}:account:{hashlib.sha256(account.lower().encode()).hexdigest()[:40]}": per_minute,
            f"{kind}:address:{address_hash[:40]}": per_minute * ADDRESS_FACTOR,
        }

    async def take(self, db: AsyncSession) -> None:
        """Count one try in both buckets, at once and for all replicas; 429 with `Retry-After` when one is full.

        Counted before the secret is looked at, so that many tries at the same moment cannot slip through together. A
        window that is over begins anew; a refused try is rolled back.
        """
        at = now()
        fresh = RateWindow.started_at > at - WINDOW
        statement = upsert(RateWindow).values(
            [{"bucket": bucket, "started_at": at, "tries": 1} for bucket in sorted(self._limits)]
        )
        rows = await db.execute(
            statement.on_conflict_do_update(
                index_elements=[RateWindow.bucket],
                set_={
                    "tries": case((fresh, RateWindow.tries + 1), else_=1),
                    "started_at": case((fresh, RateWindow.started_at), else_=at),
                },
            ).returning(RateWindow.bucket, RateWindow.tries, RateWindow.started_at)
        )
        for bucket, tries, started_at in rows:
            if tries > self._limits[bucket]:
                remaining = (started_at + WINDOW - now()).total_seconds()
                raise TooManyRequests(REFUSED, retry_after=int(remaining) + 1)

    async def give_back(self, db: AsyncSession) -> None:
        """Take a try back: the secret was right."""
        for bucket in sorted(self._limits):
            await db.execute(
                update(RateWindow)
                .where(RateWindow.bucket == bucket, RateWindow.tries > 0)
                .values(tries=RateWindow.tries - 1)
            )


@asynccontextmanager
async def limited(
    request: Request, kind: str, account: str, *, every_try: bool = False, device: Device | None = None
) -> AsyncIterator[None]:
    """Bound how often a secret of `account` is tried: 429 before the block when there were too many.

    Only a refusal (400) inside the block stays counted; with `every_try` a success does too, for what sends mail. The
    block must not hold a session of its own when it ends. `device` is whose address counts, where the request itself
    comes from another service.
    """
    settings: IdentitySettings = request.app.state.settings
    if settings.account_rate_per_minute == 0:
        yield
        return
    database: Database = request.app.state.database
    buckets = Buckets(settings.account_rate_per_minute, kind, account, (device or Device.of(request)).ip_hash)
    async with database.transaction() as db:
        await buckets.take(db)
    refused = False
    try:
        yield
    except ApiError as refusal:
        refused = refusal.status == 400
        raise
    finally:
        if not (refused or every_try):
            async with database.transaction() as db:
                await buckets.give_back(db)


async def forget_old(database: Database) -> None:
    """Remove windows that are over."""
    await delete_in_batches(database, RateWindow, RateWindow.started_at < now() - 10 * WINDOW)
