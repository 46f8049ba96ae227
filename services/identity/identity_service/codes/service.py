"""Codes by mail (identity §13): issue, check, burn."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.models import RATE_BUCKETS, Code
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.rate_limit import TokenBuckets, daily

REGISTER = "register"
PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of code
IDENTITY = "identity"
CHANGE_EMAIL = "change_email"
WRONG_TRIES = 5
LIFE = timedelta(minutes=15)
"""Of codes that decide over an account; a registration has its own (`registration_life`)."""
STOPPED = "Try refused: Backend.Creators.Auth/limit — too many wrong codes today."


def spoken(life: timedelta) -> str:
    """A code's life in words: minutes up to an hour, else hours."""
    minutes = int(life.total_seconds()) // 60
    number, unit = (minutes, "minute") if minutes < 60 else (minutes // 60, "hour")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


async def issue(db: AsyncSession, kind: str, scope: str, user_id: int) -> str:
    """A new code of an account for (kind, scope); older ones are void from now on.

    Returns the six digits, which are not stored.
    """
    await void(db, kind, scope)
    digits = draw()
    db.add(Code(kind=kind, scope=scope, user_id=user_id, digest=digest(digits), expires_at=now() + LIFE))
    return digits


def draw() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**6):06d}"


async def void(db: AsyncSession, kind: str, scope: str) -> None:
    """Make every open code of (kind, scope) useless."""
    await db.execute(
        update(Code)
        .where(Code.kind == kind, Code.scope == scope, Code.used_at.is_(None), Code.voided_at.is_(None))
        .values(voided_at=now())
    )


async def void_all(db: AsyncSession, user_id: int) -> None:
    """Make every open code of an account useless: its password or its address changed (decision 44)."""
    await db.execute(
        update(Code)
        .where(Code.user_id == user_id, Code.used_at.is_(None), Code.voided_at.is_(None))
        .values(voided_at=now())
    )


async def consume(db: AsyncSession, kind: str, scope: str, sent: str, *, failures_per_day: int) -> Code | None:
    """The open code of (kind, scope) that `sent` is, which is thereby used up; None when there is none.

    A wrong try counts on every open code; the fifth voids one. More than `failures_per_day` of an account are 429
    (0: no limit). The caller must keep the writes of a refusal (`commit_on_error=True`), or tries would not count.
    """
    codes = await _open(db, kind, scope)
    if not codes:
        return None
    failures = _failures(codes[0], failures_per_day)
    if failures:
        # Counted before the code is looked at, so that many tries at once cannot slip through together.
        await failures.take(db)
    hashed = digest(sent.strip())
    right = next((code for code in codes if hmac.compare_digest(code.digest, hashed)), None)
    if right is None:
        for code in codes:
            code.wrong_tries += 1
            if code.wrong_tries >= WRONG_TRIES:
                code.voided_at = now()
        return None
    if failures:
        await failures.give_back(db)
    right.used_at = now()
    return right


async def _open(db: AsyncSession, kind: str, scope: str) -> Sequence[Code]:
    """What may be used now, newest first, locked."""
    rows = await db.scalars(
        select(Code)
        .where(
            Code.kind == kind,
            Code.scope == scope,
            Code.used_at.is_(None),
            Code.voided_at.is_(None),
            Code.expires_at > now(),
        )
        .order_by(Code.id.desc())
        .with_for_update()
    )
    return rows.all()


def _failures(code: Code, per_day: int) -> TokenBuckets | None:
    """The bucket of wrong codes of the account, or of the address where there is none yet."""
    if per_day == 0:
        return None
    whose = f"user {code.user_id}" if code.user_id else code.scope
    name = daily(f"wrong-code:{hashlib.sha256(whose.encode()).hexdigest()[:40]}")
    return TokenBuckets(RATE_BUCKETS, {name: per_day}, STOPPED)
