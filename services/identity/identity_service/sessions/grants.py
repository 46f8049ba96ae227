"""When a program last used what a person allowed it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authorization_models import OAuthGrant
from notechondria_shared.core.timestamps import now

USED_EVERY = timedelta(minutes=5)


async def mark_used(db: AsyncSession, grant_id: int) -> None:
    """`last_used_at = now`, at most every five minutes."""
    last = OAuthGrant.last_used_at
    await db.execute(
        update(OAuthGrant)
        .where(OAuthGrant.id == grant_id, or_(last.is_(None), last < now() - USED_EVERY))
        .values(last_used_at=now())
    )


def is_stale(last_used_at: datetime | None) -> bool:
    """True when the use of a grant is to be recorded."""
    return last_used_at is None or last_used_at < now() - USED_EVERY
