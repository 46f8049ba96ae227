"""Invitation codes (identity §7.1, §7.2, §13)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.models import Invitation
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.timestamps import now


async def required(db: AsyncSession) -> bool:
    """True when any invitation row exists, exhausted and expired ones included."""
    return bool(await db.scalar(select(exists().select_from(Invitation))))


async def check(db: AsyncSession, code: str) -> bool:
    """True when the code could be used now; nothing is counted."""
    return bool(await db.scalar(select(exists().where(Invitation.digest == digest(code.strip()), *_usable()))))


def _usable() -> tuple[ColumnElement[bool], ...]:
    return (
        Invitation.times_used < Invitation.max_uses,
        or_(Invitation.expires_at.is_(None), Invitation.expires_at > now()),
    )


async def consume(db: AsyncSession, code: str) -> bool:
    """Count one use of a valid code; False when it is unknown, used up or expired. Races are settled by the row."""
    used = await db.execute(
        update(Invitation)
        .where(Invitation.digest == digest(code.strip()), *_usable())
        .values(times_used=Invitation.times_used + 1)
        .returning(Invitation.id)
    )
    return used.first() is not None
