"""Codes with which an app gets a session of its own after its person signed in on the site (apps §3)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.account_models import AppCode
from identity_service.models import ACTIVE, Session, User
from identity_service.sessions.queries import ABSOLUTE, IDLE
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.errors import NotFound
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database

LIFE = timedelta(seconds=60)
MOST = 10
"""Codes of an account at a time; of more, the oldest end."""
FRESH = timedelta(minutes=5)
"""So long after a provider's sign-in on the site the app's session counts as signed in by it (decision 51)."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Whose code it was, and by which provider that person had just signed in; "" by none."""

    user_id: int
    provider: str


async def issue(db: AsyncSession, user_id: int, session_id: int, origin: str) -> str:
    """A code for the app at `origin`, good for a minute and once. 404 when the session is not the user's any more."""
    session = await db.get(Session, session_id)
    if session is None or session.user_id != user_id or session.revoked_at is not None:
        raise NotFound("Session not found.")
    newest = (
        select(AppCode.digest).where(AppCode.user_id == user_id).order_by(AppCode.expires_at.desc()).limit(MOST - 1)
    )
    await db.execute(delete(AppCode).where(AppCode.user_id == user_id, AppCode.digest.not_in(newest)))
    code = secrets.token_urlsafe(32)
    db.add(AppCode(digest=digest(code), user_id=user_id, session_id=session_id, origin=origin, expires_at=now() + LIFE))
    await db.flush()
    return code


async def consume(database: Database, code: str, origin: str) -> Exchanged | None:
    """Use a code up, whoever sent it; None unless it is good, and sent from the origin that it was made for."""
    async with database.transaction() as db:
        used = (
            await db.execute(
                delete(AppCode)
                .where(AppCode.digest == digest(code))
                .returning(AppCode.user_id, AppCode.session_id, AppCode.origin, AppCode.expires_at)
            )
        ).one_or_none()
    if used is None or used.expires_at <= now() or not origin or used.origin != origin:
        return None
    async with database.transaction() as db:
        row = await db.scalar(
            select(Session)
            .join(User, User.id == Session.user_id)
            .where(
                Session.id == used.session_id,
                Session.revoked_at.is_(None),
                Session.last_seen_at > now() - IDLE,
                Session.created_at > now() - ABSOLUTE,
                User.status == ACTIVE,
            )
        )
    if row is None:
        return None
    return Exchanged(used.user_id, row.provider if row.created_at > now() - FRESH else "")
