"""App passwords: named, shown once, hashed, for `POST /auth/login/` alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.account_models import AppPassword
from identity_service.events import publish
from identity_service.factors.recovery import plain, spoken
from identity_service.models import Session, User
from identity_service.sessions.service import PER_EVENT
from notechondria_contracts.events.identity import SessionRevoked
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.errors import NonFieldError, NotFound
from notechondria_shared.core.timestamps import now

MOST = 25
GROUPS = 5
"""Of four letters and digits: 99 bits, so that a hash without salt is enough."""
LENGTH = GROUPS * 4
USED_EVERY = timedelta(minutes=5)
TOO_MANY = f"App password not made: Backend.Auth/app_passwords — {MOST} are the limit."


async def make(db: AsyncSession, user_id: int, name: str) -> str:
    """A new one in plain text, shown this once."""
    # Locking the account settles two that come at once.
    await db.scalar(select(User.id).where(User.id == user_id).with_for_update())
    alive = select(func.count()).where(AppPassword.user_id == user_id, AppPassword.revoked_at.is_(None))
    if (await db.scalar(alive) or 0) >= MOST:
        raise NonFieldError(TOO_MANY)
    password = spoken(GROUPS)
    db.add(AppPassword(user_id=user_id, digest=digest(plain(password)), name=name))
    await db.flush()
    return password


async def listed(db: AsyncSession, user_id: int) -> Sequence[AppPassword]:
    """Those that work, newest first."""
    rows = await db.scalars(
        select(AppPassword)
        .where(AppPassword.user_id == user_id, AppPassword.revoked_at.is_(None))
        .order_by(AppPassword.id.desc())
    )
    return rows.all()


async def matching(db: AsyncSession, user_id: int, password: str) -> int | None:
    """The id of the account's app password that this is; its use is recorded every five minutes."""
    typed = plain(password)
    if len(typed) != LENGTH:
        return None
    row = await db.scalar(
        select(AppPassword).where(
            AppPassword.digest == digest(typed), AppPassword.user_id == user_id, AppPassword.revoked_at.is_(None)
        )
    )
    if row is None:
        return None
    await db.execute(
        update(AppPassword)
        .where(
            AppPassword.id == row.id,
            or_(AppPassword.last_used_at.is_(None), AppPassword.last_used_at < now() - USED_EVERY),
        )
        .values(last_used_at=now())
    )
    return row.id


async def revoke(db: AsyncSession, user_id: int, password_id: int) -> str:
    """End one, and every session that it made, at once; its name. 404 when unknown or somebody else's."""
    name = await db.scalar(
        update(AppPassword)
        .where(AppPassword.id == password_id, AppPassword.user_id == user_id, AppPassword.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(AppPassword.name)
    )
    if name is None:
        raise NotFound("App password not found.")
    ended = await db.scalars(
        update(Session)
        .where(Session.app_password_id == password_id, Session.user_id == user_id, Session.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(Session.digest)
    )
    digests = list(ended)
    for start in range(0, len(digests), PER_EVENT):
        await publish(db, SessionRevoked(user_id=user_id, digests=digests[start : start + PER_EVENT], revision=1))
    return str(name)


async def revoke_all(db: AsyncSession, user_id: int) -> None:
    """End all of an account: its password was reset."""
    await db.execute(
        update(AppPassword)
        .where(AppPassword.user_id == user_id, AppPassword.revoked_at.is_(None))
        .values(revoked_at=now())
    )
