"""Registrations that wait for their code, side by side where several want one address (decision 45, identity §7.1).

A registration is a code: it knows the name and the password of the account that it opens. Nothing of it is in the table
of accounts before the address is proved, so that nobody can prepare somebody else's account.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.codes import service as codes
from identity_service.events import publish
from identity_service.models import EVENTS, PENDING, Code, User
from notechondria_contracts.events.identity import UserDeleted
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.timestamps import now

MOST_OPEN = 5
"""Registrations of one address at a time."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A code to be mailed, and the name of the account that it opens."""

    digits: str
    username: str
    email: str


async def add(
    db: AsyncSession, email: str, *, username: str, password_hash: str, ip_hash: str, life: timedelta
) -> Issued:
    """A further registration of an address. The one before it of the same name from the same network is replaced."""
    await _alone(db, email)
    waiting = await _open(db, email)
    for code in waiting:
        if (code.username.lower(), code.ip_hash) == (username.lower(), ip_hash):
            code.voided_at = now()
    waiting = [code for code in waiting if code.voided_at is None]
    while len(waiting) >= MOST_OPEN:
        # Whoever fills the places loses one of their own: a stranger cannot end the owner's registration.
        of_network = Counter(code.ip_hash for code in waiting)
        fullest = max(of_network.values())
        oldest = next(code for code in waiting if of_network[code.ip_hash] == fullest)
        oldest.voided_at = now()
        waiting.remove(oldest)
    return _issue(
        db, email, {code.digest for code in waiting}, username, password_hash, ip_hash=ip_hash, expires_at=now() + life
    )


async def lock_name(db: AsyncSession, username: str) -> None:
    """One registration of a name after the other, until the transaction ends. Taken before the lock of an address."""
    await _lock(db, f"identity.name:{username.lower()}")


async def hold_name(db: AsyncSession, username: str, email: str) -> bool:
    """Whether registrations of another address wait with this name: it is theirs until their codes run out."""
    held = select(Code.id).where(
        Code.kind == codes.REGISTER,
        Code.scope != email,
        func.lower(Code.username) == username.lower(),
        Code.used_at.is_(None),
        Code.voided_at.is_(None),
        Code.expires_at > now(),
    )
    return await db.scalar(held.limit(1)) is not None


async def newest(db: AsyncSession, email: str, ip_hash: str, life: timedelta) -> Code | None:
    """The newest registration of an address, also one whose code ran out: of this network if there is one."""
    if not email:
        return None
    await _adopt_pending(db, email, life)
    code: Code | None = await db.scalar(
        select(Code)
        .where(Code.kind == codes.REGISTER, Code.scope == email, Code.used_at.is_(None), Code.username != "")
        .order_by((Code.ip_hash == ip_hash).desc(), Code.id.desc())
        .limit(1)
    )
    return code


async def renew(db: AsyncSession, registration: Code, life: timedelta) -> Issued:
    """A new code for a registration; its old one is void."""
    email = registration.scope
    await _alone(db, email)
    registration.voided_at = registration.voided_at or now()
    others = {code.digest for code in await _open(db, email)}
    return _issue(
        db,
        email,
        others,
        registration.username,
        registration.password_hash,
        ip_hash=registration.ip_hash,
        expires_at=now() + life,
    )


async def last_issued(db: AsyncSession, email: str) -> datetime | None:
    """When the newest open code of an address was issued; None when there is none."""
    return max((code.created_at for code in await _open(db, email)), default=None)


async def consume(
    db: AsyncSession, email: str, sent: str, *, ip_hash: str, life: timedelta, failures_per_day: int
) -> Code | None:
    """The registration that the code was mailed for; the others of its address end. None for a wrong code.

    The code proves who reads the mail, not who chose the password: where the address was registered from several
    networks, the password counts only if the code comes from the network that chose it. Else the account is opened
    without one, and its owner sets it with a reset.
    """
    await _adopt_pending(db, email, life)
    right = await codes.consume(db, codes.REGISTER, email, sent, failures_per_day=failures_per_day)
    if right is None:
        return None
    # Those count too that ran out of tries or places meanwhile.
    rivals = select(Code.id).where(
        Code.kind == codes.REGISTER, Code.scope == email, Code.expires_at > now(), Code.ip_hash != right.ip_hash
    )
    if ip_hash != right.ip_hash and await db.scalar(rivals.limit(1)) is not None:
        right.password_hash = ""
    return right


async def named(db: AsyncSession, name: str) -> Code | None:
    """For operators: the newest registration of a user name, or of an address, which has an `@`."""
    column = Code.scope if "@" in name else func.lower(Code.username)
    code: Code | None = await db.scalar(
        select(Code)
        .where(Code.kind == codes.REGISTER, column == name.lower(), Code.used_at.is_(None), Code.username != "")
        .order_by(Code.id.desc())
        .limit(1)
        .with_for_update()
    )
    return code


def _issue(
    db: AsyncSession,
    email: str,
    in_use: set[str],
    username: str,
    password_hash: str,
    *,
    ip_hash: str,
    expires_at: datetime,
) -> Issued:
    digits = codes.draw()
    while digest(digits) in in_use:  # or the code would not say which of them it opens
        digits = codes.draw()
    db.add(
        Code(
            kind=codes.REGISTER,
            scope=email,
            digest=digest(digits),
            expires_at=expires_at,
            username=username,
            password_hash=password_hash,
            ip_hash=ip_hash,
        )
    )
    return Issued(digits, username, email)


async def _open(db: AsyncSession, email: str) -> Sequence[Code]:
    """Oldest first."""
    rows = await db.scalars(
        select(Code)
        .where(
            Code.kind == codes.REGISTER,
            Code.scope == email,
            Code.used_at.is_(None),
            Code.voided_at.is_(None),
            Code.expires_at > now(),
        )
        .order_by(Code.id)
    )
    return rows.all()


async def _alone(db: AsyncSession, email: str) -> None:
    """One registration of an address after the other; the lock ends with the transaction."""
    await _lock(db, f"identity.register:{email}")


async def _lock(db: AsyncSession, name: str) -> None:
    await db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


async def _adopt_pending(db: AsyncSession, email: str, life: timedelta) -> None:
    """Accounts of the monolith that wait for this address become registrations; nobody ever was inside of them."""
    rows = await db.scalars(
        select(User).where(User.status == PENDING, func.lower(User.email) == email).with_for_update()
    )
    for user in rows.all():
        values = {"username": user.username, "password_hash": user.password_hash}
        mailed = await db.execute(
            update(Code)
            .where(Code.kind == codes.REGISTER, Code.scope == email, Code.username == "")
            .values(**values)
            .returning(Code.id)
        )
        if not mailed.all():
            # Without a code, which no digest of digits equals: one has to be asked for.
            db.add(Code(kind=codes.REGISTER, scope=email, digest="", expires_at=now() + life, **values))
        await publish(db, user.event(UserDeleted))
        await db.execute(upsert(EVENTS.deleted_users).values(user_id=user.id).on_conflict_do_nothing())
        await db.delete(user)
        await db.flush()
