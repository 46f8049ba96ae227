"""API keys (identity §9)."""

from __future__ import annotations

import secrets

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events import tell
from identity_service.models import ApiKey, User
from notechondria_shared.auth.credentials import digest
from notechondria_shared.events.identity import ApiKeyRotated
from notechondria_shared.timestamps import now


async def rotate(session: AsyncSession, user_id: int) -> str:
    """Replace the key that rotation made; the new key in plain text, shown this once."""
    # Locking the account settles two rotations at the same moment.
    await session.scalar(select(User.id).where(User.id == user_id).with_for_update())
    ended = await session.scalars(
        update(ApiKey)
        .where(ApiKey.user_id == user_id, ApiKey.rotated, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(ApiKey.digest)
    )
    digests = list(ended)
    key = f"ntc_{secrets.token_hex(16)}"
    session.add(ApiKey(user_id=user_id, digest=digest(key), prefix=key[:8], name="Rotated key", rotated=True))
    if digests:
        await tell(session, ApiKeyRotated(user_id=user_id, digests=digests, revision=1))
    return key
