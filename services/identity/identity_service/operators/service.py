"""What operators do to accounts and invitations (identity §17); every change is published like a user's own."""

from __future__ import annotations

import re

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.codes import service as codes
from identity_service.events import publish
from identity_service.models import ACTIVE, DISABLED, PENDING, Invitation, User
from identity_service.operators.schemas import ChangeUser, CreateInvitation
from identity_service.sessions import service as sessions
from notechondria_contracts.events.identity import UserUpdated
from notechondria_contracts.internal.operators import OperatorAccount, OperatorInvitation
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.errors import BadRequest, FieldErrors, NotFound
from notechondria_shared.core.timestamps import iso_offset, iso_offset_or_none, now

_HASHED = re.compile(r"[0-9a-fA-F]{64}")


def account_answer(user: User) -> OperatorAccount:
    """An account as operators see it."""
    return OperatorAccount(
        id=user.id,
        username=user.username,
        email=user.email,
        status=user.status,
        is_staff=user.is_staff,
        is_superuser=user.is_superuser,
        date_joined=iso_offset(user.date_joined),
    )


def invitation_answer(row: Invitation) -> OperatorInvitation:
    """An invitation as operators see it."""
    return OperatorInvitation(
        id=row.id,
        label=row.label,
        max_uses=row.max_uses,
        times_used=row.times_used,
        created_at=iso_offset(row.created_at),
        expires_at=iso_offset_or_none(row.expires_at),
    )


async def create_invitation(db: AsyncSession, body: CreateInvitation) -> Invitation:
    """Keep the hash of a code; 400 `code` when it is there already."""
    hashed = body.code.lower() if _HASHED.fullmatch(body.code) else digest(body.code)
    row = Invitation(digest=hashed, label=body.label, max_uses=body.max_uses, expires_at=body.expires_at)
    db.add(row)
    try:
        await db.flush()
    except IntegrityError:
        raise FieldErrors(code="This code exists already.") from None
    return row


async def expire_invitation(db: AsyncSession, invitation_id: int) -> Invitation:
    """End an invitation now; 404 when unknown."""
    row = await db.get(Invitation, invitation_id, with_for_update=True)
    if row is None:
        raise NotFound("Invitation not found.")
    row.expires_at = now()
    return row


async def find_user(db: AsyncSession, name: str) -> User:
    """An account by id, user name or address; 404 when unknown."""
    has_address = func.lower(User.email) == name.lower()
    query = select(User).where(or_(has_address, func.lower(User.username) == name.lower()))
    # An address beats a user name that reads the same, as at sign-in (identity §7.5).
    user = await db.scalar(query.order_by(has_address.desc()).limit(1).with_for_update())
    if user is None and name.isascii() and name.isdigit() and len(name) <= 18:
        user = await db.get(User, int(name), with_for_update=True)
    if user is None:
        raise unknown(name)
    return user


def unknown(name: str) -> NotFound:
    """404 for a name that no account has."""
    return NotFound(f"No account is called {name!r}.")


async def change_user(db: AsyncSession, user: User, body: ChangeUser) -> None:
    """Disable or enable, make or unmake staff. A disabled account is signed out everywhere at once."""
    if body.sent("is_staff"):
        user.is_staff = body.is_staff
    if body.sent("disabled") and body.disabled != (user.status == DISABLED):
        if user.status == PENDING:
            raise BadRequest("The account is not verified yet; there is nothing to enable or disable.")
        user.status = DISABLED if body.disabled else ACTIVE
        if body.disabled:
            await sessions.revoke_all(db, user.id)
    # Published in any case: whoever cached the account's introspection drops it.
    await publish(db, user.event(UserUpdated))


async def issue_code(db: AsyncSession, user: User, kind: str, ttl_hours: int) -> str:
    """A code in plain text for an operator to hand over."""
    scope = str(user.id) if kind == codes.IDENTITY else user.email.lower()
    if not scope:
        raise BadRequest("The account has no e-mail address to issue this code for.")
    return await codes.issue(db, kind, scope, ttl_hours)
