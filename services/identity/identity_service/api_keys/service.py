"""API keys (identity §9): the rotated one of the contract, and named ones beside it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.api_keys.schemas import ChangeKey, CreateKey
from identity_service.events import publish
from identity_service.models import ApiKey, User
from notechondria_contracts.events.identity import ApiKeyRotated
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.errors import FieldErrors, NonFieldError, NotFound
from notechondria_shared.core.timestamps import now

UNKNOWN = "API key not found."


def _new_key() -> str:
    return f"ntc_{secrets.token_hex(16)}"


async def _end(db: AsyncSession, user_id: int, *which: ColumnElement[bool]) -> list[str]:
    """Revoke keys of the user and publish it; their digests."""
    ended = await db.scalars(
        update(ApiKey)
        .where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None), *which)
        .values(revoked_at=now())
        .returning(ApiKey.digest)
    )
    digests = list(ended)
    if digests:
        await publish(db, ApiKeyRotated(user_id=user_id, digests=digests, revision=1))
    return digests


async def rotate(db: AsyncSession, user_id: int) -> str:
    """Replace the key that rotation made; the new key in plain text, shown this once."""
    # Locking the account settles two rotations at the same moment.
    await db.scalar(select(User.id).where(User.id == user_id).with_for_update())
    await _end(db, user_id, ApiKey.rotated.is_(True))
    key = _new_key()
    db.add(ApiKey(user_id=user_id, digest=digest(key), prefix=key[:8], name="Rotated key", rotated=True))
    return key


async def create(db: AsyncSession, user_id: int, body: CreateKey, most: int) -> tuple[str, ApiKey]:
    """A named key; (plain text, row). 400 for an expiry in the past or more than `most` keys."""
    if body.expires_at is not None and body.expires_at <= now():
        raise FieldErrors(expires_at="The key would have expired already.")
    await db.scalar(select(User.id).where(User.id == user_id).with_for_update())
    alive = select(func.count()).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
    if (await db.scalar(alive) or 0) >= most:
        raise NonFieldError(f"Key not made: Backend.Creators.Auth/api_keys — {most} keys are the limit.")
    key = _new_key()
    row = ApiKey(
        user_id=user_id,
        digest=digest(key),
        prefix=key[:8],
        name=body.name,
        scopes=body.scopes,
        expires_at=body.expires_at,
    )
    db.add(row)
    await db.flush()
    return key, row


async def listed(db: AsyncSession, user_id: int) -> Sequence[ApiKey]:
    """The user's keys that still work or merely expired, newest first."""
    rows = await db.scalars(
        select(ApiKey).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None)).order_by(ApiKey.id.desc())
    )
    return rows.all()


async def change(db: AsyncSession, user_id: int, key_id: int, body: ChangeKey) -> bool:
    """Rename a key, or take writing from it; whether that changes anything. 400 for more than it may do, 404 when it
    is unknown, ended or somebody else's."""
    key = await db.scalar(
        select(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
        .with_for_update()
    )
    if key is None:
        raise NotFound(UNKNOWN)
    if set(body.scopes) - set(key.scopes):
        raise FieldErrors(scopes="A key cannot be widened. Make a new one.")
    if key.scopes != body.scopes:
        # Every service drops what it knows of the key, and asks anew.
        await publish(db, ApiKeyRotated(user_id=user_id, digests=[key.digest], revision=1))
    is_changed = (key.name, key.scopes) != (body.name, body.scopes)
    key.name, key.scopes = body.name, body.scopes
    return is_changed


async def revoke(db: AsyncSession, user_id: int, key_id: int) -> None:
    """End one key of the user; 404 when it is unknown, ended or somebody else's."""
    if not await _end(db, user_id, ApiKey.id == key_id):
        raise NotFound(UNKNOWN)


async def revoke_all(db: AsyncSession, user_id: int) -> int:
    """End every key of the user; how many worked until now."""
    return len(await _end(db, user_id))
