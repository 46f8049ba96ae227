"""Ten codes for who has lost the second factor: shown once, hashed, each good once."""

from __future__ import annotations

import secrets

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.account_models import RecoveryCode
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.timestamps import now

HOW_MANY = 10
GROUPS, GROUP = 4, 4
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that looks like another one. 16 of them are 79 bits: a hash without salt is enough."""


def spoken(length: int = GROUPS) -> str:
    """Random groups of four letters and digits, to be written down and typed."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(GROUP)) for _ in range(length))


def plain(typed: str) -> str:
    """What was typed, without the hyphens, spaces and capitals that people add."""
    return "".join(character for character in typed.lower() if character.isalnum())


def _digest(user_id: int, code: str) -> str:
    return digest(f"{user_id}:{plain(code)}")


async def make(db: AsyncSession, user_id: int) -> list[str]:
    """Ten new codes; those before are void."""
    await remove(db, user_id)
    codes = [spoken() for _ in range(HOW_MANY)]
    db.add_all(RecoveryCode(digest=_digest(user_id, code), user_id=user_id) for code in codes)
    await db.flush()
    return codes


async def consume(db: AsyncSession, user_id: int, code: str) -> bool:
    """Use a code up; False for a wrong or used one. Of two at the same time one is right."""
    used = await db.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.digest == _digest(user_id, code),
            RecoveryCode.user_id == user_id,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now())
        .returning(RecoveryCode.digest)
    )
    return used.first() is not None


async def left(db: AsyncSession, user_id: int) -> int:
    """How many are still good."""
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return await db.scalar(unused) or 0


async def remove(db: AsyncSession, user_id: int) -> None:
    """None any more."""
    await db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
