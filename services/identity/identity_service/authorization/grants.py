"""Grants: made by a consent, ended by the person, the program, or a token that was used twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authorization_models import ACCESS, OAuthGrant, OAuthToken
from identity_service.events import publish
from notechondria_contracts.events.identity import AccessTokenRevoked
from notechondria_shared.core.timestamps import now

MOST_GRANTS = 100
"""Of one account; of more, those that were used longest ago end."""
PER_EVENT = 1000


async def make(
    db: AsyncSession, user_id: int, client_id: int, scopes: Iterable[str], audience: str, expires_at: datetime
) -> OAuthGrant:
    """A new grant, not redeemed yet."""
    grant = OAuthGrant(
        user_id=user_id, client_id=client_id, scopes=list(scopes), audience=audience, expires_at=expires_at
    )
    db.add(grant)
    await db.flush()
    used = func.coalesce(OAuthGrant.last_used_at, OAuthGrant.created_at)
    older = (
        select(OAuthGrant.id)
        .where(OAuthGrant.user_id == user_id, OAuthGrant.revoked_at.is_(None), OAuthGrant.expires_at > now())
        .order_by(used.desc(), OAuthGrant.id.desc())
        .offset(MOST_GRANTS)
    )
    await _end(db, OAuthGrant.id.in_(older))
    return grant


async def end(db: AsyncSession, grant_id: int) -> None:
    """End one grant and all its tokens."""
    await _end(db, OAuthGrant.id == grant_id)


async def end_of_program(db: AsyncSession, user_id: int, client_id: int) -> int:
    """End everything that a person allowed a program; how many grants there were."""
    return await _end(db, OAuthGrant.user_id == user_id, OAuthGrant.client_id == client_id)


async def narrow(db: AsyncSession, user_id: int, client_id: int, scopes: Iterable[str]) -> int:
    """Leave a program no more than these scopes; how many grants it has. Connections that have none of them end."""
    kept = set(scopes)
    rows = await db.scalars(
        select(OAuthGrant)
        .where(
            OAuthGrant.user_id == user_id,
            OAuthGrant.client_id == client_id,
            OAuthGrant.revoked_at.is_(None),
            OAuthGrant.expires_at > now(),
        )
        .with_for_update()
    )
    grants = rows.all()
    for grant in grants:
        grant.scopes = [scope for scope in grant.scopes if scope in kept]
    await db.flush()
    if void := [grant.id for grant in grants if not grant.scopes]:
        await _end(db, OAuthGrant.id.in_(void))
    if living := [grant.id for grant in grants if grant.scopes]:
        # Every service drops what it knows of the tokens, and asks anew.
        await _publish(db, {user_id: await _narrow_tokens(db, living, kept)})
    return len(grants)


async def _narrow_tokens(db: AsyncSession, grant_ids: Iterable[int], kept: set[str]) -> list[str]:
    tokens = await db.scalars(
        select(OAuthToken).where(
            OAuthToken.grant_id.in_(list(grant_ids)), OAuthToken.kind == ACCESS, OAuthToken.expires_at > now()
        )
    )
    digests = []
    for token in tokens:
        token.scopes = [scope for scope in token.scopes if scope in kept]
        digests.append(token.digest)
    return digests


async def end_of_client(db: AsyncSession, client_id: int) -> int:
    """End everything that anybody allowed a program; how many grants there were."""
    return await _end(db, OAuthGrant.client_id == client_id)


async def end_all(db: AsyncSession, user_id: int) -> int:
    """End everything that a person allowed any program; how many grants there were."""
    return await _end(db, OAuthGrant.user_id == user_id)


async def end_tokens(db: AsyncSession, user_id: int, token_ids: Iterable[int]) -> None:
    """End access tokens of a person, and nothing else."""
    at = now()
    ended = await db.scalars(
        update(OAuthToken)
        .where(OAuthToken.id.in_(list(token_ids)), OAuthToken.expires_at > at)
        .values(expires_at=at)
        .returning(OAuthToken.digest)
    )
    await _publish(db, {user_id: list(ended)})


async def _end(db: AsyncSession, *which: ColumnElement[bool]) -> int:
    at = now()
    rows = await db.execute(
        update(OAuthGrant)
        .where(OAuthGrant.revoked_at.is_(None), *which)
        .values(revoked_at=at)
        .returning(OAuthGrant.id, OAuthGrant.user_id)
    )
    owners = {row.id: row.user_id for row in rows}
    if not owners:
        return 0
    living = await db.execute(
        select(OAuthToken.grant_id, OAuthToken.digest).where(
            OAuthToken.grant_id.in_(owners), OAuthToken.kind == ACCESS, OAuthToken.expires_at > at
        )
    )
    digests: dict[int, list[str]] = {}
    for grant_id, token in living:
        digests.setdefault(owners[grant_id], []).append(token)
    await _publish(db, digests)
    return len(owners)


async def _publish(db: AsyncSession, digests: dict[int, list[str]]) -> None:
    """Say which access tokens no longer count, in events of a size that the bus carries."""
    for user_id, ended in digests.items():
        for start in range(0, len(ended), PER_EVENT):
            event = AccessTokenRevoked(user_id=user_id, digests=ended[start : start + PER_EVENT], revision=1)
            await publish(db, event)
