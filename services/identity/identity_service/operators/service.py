"""What operators do to accounts and invitations (identity §17); every change is published like a user's own."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.codes import service as codes
from identity_service.events import publish
from identity_service.models import ACTIVE, DISABLED, PENDING, Code, Invitation, User
from identity_service.operators.queries import called
from identity_service.operators.schemas import ChangeUser, CreateInvitation
from identity_service.registrations import service as registrations
from identity_service.sessions import service as sessions
from identity_service.settings import IdentitySettings
from notechondria_contracts.events.identity import UserUpdated
from notechondria_contracts.internal.operators import IssuedCode, OperatorAccount, OperatorInvitation
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
        email_verified=user.email != "" and user.verified_email == user.email.lower(),
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
    """An account by id (digits), address (with an `@`) or user name, locked; 404 when unknown."""
    user: User | None = await db.scalar(select(User).where(called(name)).with_for_update())
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


async def issue_code(db: AsyncSession, user: User, kind: str, settings: IdentitySettings) -> IssuedCode:
    """A code of an account in plain text for an operator to hand over; older ones of its kind are void."""
    if kind == codes.REGISTER:
        waiting = None
        if user.status == PENDING:
            waiting = await registrations.newest(db, user.email.lower(), "", settings.registration_life)
        if waiting is None:
            raise BadRequest("The account is open; there is nothing to verify.")
        return await renew(db, waiting, settings)
    if not user.verified_email:
        raise BadRequest("The account has no proved e-mail address to issue this code for.")
    scope = str(user.id) if kind == codes.IDENTITY else user.verified_email
    digits = await codes.issue(db, kind, scope, user.id)
    return _issued(user.username, user.verified_email, kind, digits, codes.LIFE)


async def issue_named(db: AsyncSession, name: str, kind: str, settings: IdentitySettings) -> IssuedCode:
    """A code for an account or, where it is a registration's, for the newest registration of a name or address."""
    if kind == codes.REGISTER and (waiting := await registrations.named(db, name)) is not None:
        return await renew(db, waiting, settings)
    return await issue_code(db, await find_user(db, name), kind, settings)


async def renew(db: AsyncSession, waiting: Code, settings: IdentitySettings) -> IssuedCode:
    """A new code for a registration."""
    issued = await registrations.renew(db, waiting, settings.registration_life)
    return _issued(issued.username, issued.email, codes.REGISTER, issued.digits, settings.registration_life)


def _issued(username: str, email: str, kind: str, digits: str, life: timedelta) -> IssuedCode:
    return IssuedCode(username=username, email=email, kind=kind, code=digits, good_for=codes.spoken(life))
