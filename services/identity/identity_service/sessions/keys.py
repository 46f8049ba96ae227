"""When an API key was last used."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.models import ApiKey
from notechondria_shared.core.timestamps import now

USED_EVERY = timedelta(minutes=5)


async def mark_used(db: AsyncSession, key_id: int) -> None:
    """`last_used_at = now`, at most every five minutes."""
    await db.execute(
        update(ApiKey)
        .where(ApiKey.id == key_id, or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now() - USED_EVERY))
        .values(last_used_at=now())
    )


def is_stale(last_used_at: datetime | None) -> bool:
    """True when the use of a key is to be recorded."""
    return last_used_at is None or last_used_at < now() - USED_EVERY
