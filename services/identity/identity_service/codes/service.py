"""Codes by mail (identity §13): issue, check, burn."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.models import Code
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.timestamps import now

REGISTER = "register"
PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of code
IDENTITY = "identity"
CHANGE_EMAIL = "change_email"
WRONG_TRIES = 5


async def issue(db: AsyncSession, kind: str, scope: str, ttl_hours: int) -> str:
    """A new code for (kind, scope); older ones are void from now on. Returns the six digits, which are not stored."""
    await void(db, kind, scope)
    digits = f"{secrets.randbelow(10**6):06d}"
    db.add(Code(kind=kind, scope=scope, digest=digest(digits), expires_at=now() + timedelta(hours=ttl_hours)))
    return digits


async def void(db: AsyncSession, kind: str, scope: str) -> None:
    """Make every open code of (kind, scope) useless."""
    await db.execute(
        update(Code)
        .where(Code.kind == kind, Code.scope == scope, Code.used_at.is_(None), Code.voided_at.is_(None))
        .values(voided_at=now())
    )


async def consume(db: AsyncSession, kind: str, scope: str, sent: str) -> bool:
    """True when `sent` is the open code of (kind, scope), which is thereby used up.

    A wrong try is counted; the fifth voids the code. The caller must keep the writes of a refusal
    (`commit_on_error=True`), or tries would not count.
    """
    code = await db.scalar(
        select(Code)
        .where(Code.kind == kind, Code.scope == scope, Code.used_at.is_(None), Code.voided_at.is_(None))
        .order_by(Code.id.desc())
        .limit(1)
        .with_for_update()
    )
    if code is None or code.expires_at <= now():
        return False
    if not hmac.compare_digest(code.digest, digest(sent.strip())):
        code.wrong_tries += 1
        if code.wrong_tries >= WRONG_TRIES:
            code.voided_at = now()
        return False
    code.used_at = now()
    return True


async def last_issued(db: AsyncSession, kind: str, scope: str) -> datetime | None:
    """When the open code of (kind, scope) was issued; None when there is none."""
    return await db.scalar(
        select(Code.created_at)
        .where(Code.kind == kind, Code.scope == scope, Code.used_at.is_(None), Code.voided_at.is_(None))
        .order_by(Code.id.desc())
        .limit(1)
    )
