"""Invitation codes (identity §7.1, §7.2, §13)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.models import Invitation
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.timestamps import now

OPEN, CLOSED = "open", "closed"
CLOSED_TEXT = (
    "Registration refused: Backend.Creators.Auth/register.validate_invitation_code — "
    "this server takes no new accounts; ask whoever runs it for one."
)


async def required(db: AsyncSession, registration: str) -> bool:
    """True when any invitation row exists, exhausted and expired ones included, and where REGISTRATION asks for one."""
    return registration != OPEN or bool(await db.scalar(select(exists().select_from(Invitation))))


async def check(db: AsyncSession, code: str, registration: str) -> bool:
    """True when the code could be used now; nothing is counted. None can where nobody registers (decision 61)."""
    if registration == CLOSED:
        return False
    return bool(await db.scalar(select(exists().where(Invitation.digest == digest(code.strip()), *_usable()))))


def _usable() -> tuple[ColumnElement[bool], ...]:
    return (
        Invitation.times_used < Invitation.max_uses,
        or_(Invitation.expires_at.is_(None), Invitation.expires_at > now()),
    )


async def consume(db: AsyncSession, code: str, registration: str) -> bool:
    """Count one use of a valid code; False when it is unknown, used up or expired. Races are settled by the row."""
    if registration == CLOSED:
        return False
    used = await db.execute(
        update(Invitation)
        .where(Invitation.digest == digest(code.strip()), *_usable())
        .values(times_used=Invitation.times_used + 1)
        .returning(Invitation.id)
    )
    return used.first() is not None
