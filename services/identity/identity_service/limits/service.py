"""Limits on guessing, kept in Postgres so that every replica counts together (decisions 30).

A bucket counts the tries of one account or one address within a minute. Only the entering of secrets is counted:
sessions and keys that are valid already are never looked at, so nobody can lock an owner out of a signed-in device.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.models import RateWindow
from notechondria_shared.errors import TooManyRequests
from notechondria_shared.timestamps import now

WINDOW = timedelta(minutes=1)
ADDRESS_FACTOR = 5
"""One address may stand for a household or a school: it gets this many times an account's tries."""
REFUSED = "Try refused: Backend.Creators.Auth/limit — too many tries, wait a moment."


class Limiter:
    """Buckets of one kind of try: one for the account it aims at, one for the address it comes from."""

    def __init__(self, per_minute: int, kind: str, account: str, address_hash: str) -> None:
        self._limits = {
            f"{kind}:account:{hashlib.sha256(account.lower().encode()).hexdigest()[:40]}": per_minute,
            f"{kind}:address:{address_hash[:40]}": per_minute * ADDRESS_FACTOR,
        }
        self._off = per_minute == 0

    async def check(self, session: AsyncSession) -> None:
        """429 with `Retry-After` when a bucket is full."""
        if self._off:
            return
        rows = await session.execute(
            select(RateWindow.bucket, RateWindow.tries, RateWindow.started_at).where(
                RateWindow.bucket.in_(list(self._limits)), RateWindow.started_at > now() - WINDOW
            )
        )
        for bucket, tries, started_at in rows:
            if tries >= self._limits[bucket]:
                remaining = (started_at + WINDOW - now()).total_seconds()
                raise TooManyRequests(REFUSED, retry_after=int(remaining) + 1)

    async def count(self, session: AsyncSession) -> None:
        """Count one try in both buckets; a window that is over begins anew."""
        if self._off:
            return
        moment = now()
        fresh = RateWindow.started_at > moment - WINDOW
        statement = upsert(RateWindow).values(
            [{"bucket": bucket, "started_at": moment, "tries": 1} for bucket in sorted(self._limits)]
        )
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[RateWindow.bucket],
                set_={
                    "tries": case((fresh, RateWindow.tries + 1), else_=1),
                    "started_at": case((fresh, RateWindow.started_at), else_=moment),
                },
            )
        )


async def forget_old(session: AsyncSession) -> None:
    """Remove windows that are over."""
    await session.execute(delete(RateWindow).where(RateWindow.started_at < now() - 10 * WINDOW))
