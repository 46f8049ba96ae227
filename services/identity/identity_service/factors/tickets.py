"""What is begun on one page of the site and ended on the next: a random ticket in the form, its digest here."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.account_models import Ticket
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.errors import NonFieldError
from notechondria_shared.core.timestamps import now

SECOND_STEP, PASSKEY_SIGN_IN, NEW_PASSKEY, NEW_AUTHENTICATOR = "second_step", "passkey", "new_passkey", "new_totp"
CONFIRM = "confirm"
LIFE = timedelta(minutes=10)
WRONG_TRIES = 5
TOO_OLD = "Not done: Backend.Auth/second_factor.ticket — this was begun too long ago, or tried too often. Begin again."


async def issue(
    db: AsyncSession, kind: str, user_id: int | None, *, secret: str = "", provider: str = "", password_hash: str = ""
) -> str:
    """A ticket, shown this once. Of what an account begins twice only the newest counts."""
    if user_id is not None:
        await db.execute(delete(Ticket).where(Ticket.user_id == user_id, Ticket.kind == kind))
    ticket = secrets.token_urlsafe(32)
    db.add(
        Ticket(
            digest=digest(ticket),
            kind=kind,
            user_id=user_id,
            secret=secret,
            provider=provider,
            password_hash=password_hash,
            expires_at=now() + LIFE,
        )
    )
    await db.flush()
    return ticket


async def load(db: AsyncSession, kind: str, ticket: str, user_id: int | None = None) -> Ticket:
    """A ticket that counts, locked; 400 for any other, and for somebody else's."""
    row = await db.get(Ticket, digest(ticket), with_for_update=True)
    if row is None or row.kind != kind or row.expires_at <= now() or row.wrong_tries >= WRONG_TRIES:
        raise NonFieldError(TOO_OLD)
    if user_id is not None and row.user_id != user_id:
        raise NonFieldError(TOO_OLD)
    return row
