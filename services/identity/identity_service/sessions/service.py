"""Sessions: minted, touched, revoked (identity §4)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events import publish
from identity_service.models import Session
from identity_service.sessions.devices import Device
from notechondria_contracts.events.identity import SessionRevoked
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.errors import NotFound
from notechondria_shared.core.timestamps import now

TOUCH_EVERY = timedelta(minutes=1)
PER_EVENT = 1000
UNKNOWN = "Session not found."


async def mint(db: AsyncSession, user_id: int, device: Device, *, provider: str = "") -> tuple[str, Session]:
    """A new session; (token, row). The token is shown once and only its digest kept.

    `provider`: who vouched for the person, "" for a password or a code.
    """
    token = secrets.token_hex(20)
    row = Session(
        user_id=user_id,
        digest=digest(token),
        device_label=device.label,
        user_agent=device.user_agent,
        ip_hash=device.ip_hash,
        network=device.network,
        provider=provider,
    )
    db.add(row)
    await db.flush()
    return token, row


async def enter_password(db: AsyncSession, user_id: int, session_id: int) -> None:
    """Keep that the password was entered just now; 404 when the session has ended or is somebody else's."""
    entered = await db.scalar(
        update(Session)
        .where(Session.id == session_id, Session.user_id == user_id, Session.revoked_at.is_(None))
        .values(password_entered_at=now())
        .returning(Session.id)
    )
    if entered is None:
        raise NotFound(UNKNOWN)


async def revoke(db: AsyncSession, user_id: int, session_id: int) -> None:
    """End one session of the user (identity §7.9); 404 when unknown or somebody else's, 204 when it ended before."""
    row = await db.scalar(select(Session).where(Session.id == session_id, Session.user_id == user_id).with_for_update())
    if row is None:
        raise NotFound(UNKNOWN)
    if row.revoked_at is None:
        row.revoked_at = now()
        await publish(db, SessionRevoked(user_id=user_id, digests=[row.digest], revision=1))


async def revoke_all(db: AsyncSession, user_id: int, but: int = 0) -> None:
    """End every session of the user, but the one with the id `but`."""
    digests = await db.scalars(
        update(Session)
        .where(Session.user_id == user_id, Session.id != but, Session.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(Session.digest)
    )
    await publish(db, *_revocations(user_id, list(digests)))


def _revocations(user_id: int, digests: list[str]) -> list[SessionRevoked]:
    """Events of a size that the bus carries, however many devices there were."""
    return [
        SessionRevoked(user_id=user_id, digests=digests[start : start + PER_EVENT], revision=1)
        for start in range(0, len(digests), PER_EVENT)
    ]


async def revoke_everybody(db: AsyncSession) -> None:
    """End every session of every user: an event per user, as for one's own devices."""
    ended = await db.execute(
        update(Session)
        .where(Session.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(Session.user_id, Session.digest)
    )
    digests: dict[int, list[str]] = {}
    for user_id, token_digest in ended:
        digests.setdefault(user_id, []).append(token_digest)
    await publish(
        db,
        *(event for user_id, revoked in digests.items() for event in _revocations(user_id, revoked)),
    )


async def touch(db: AsyncSession, session_id: int) -> None:
    """`last_seen_at = now`, at most once a minute (decision 19)."""
    await db.execute(
        update(Session)
        .where(Session.id == session_id, Session.last_seen_at < now() - TOUCH_EVERY, Session.revoked_at.is_(None))
        .values(last_seen_at=now())
    )


def is_stale(last_seen_at: datetime) -> bool:
    """True when the use of a session is to be recorded."""
    return last_seen_at < now() - TOUCH_EVERY
