"""Accounts: made, verified, signed in, deleted (identity §7)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.schemas import Claim, Register
from identity_service.avatars.service import folder_of
from identity_service.codes import service as codes
from identity_service.events import publish
from identity_service.invitations import service as invitations
from identity_service.models import ACTIVE, EVENTS, FILE_DELETIONS, PENDING, ApiKey, Code, Session, User
from identity_service.settings import IdentitySettings
from notechondria_contracts.events.identity import UserActivated, UserDeleted
from notechondria_contracts.fields import validation_messages
from notechondria_shared.core.errors import FieldErrors, NonFieldError
from notechondria_shared.core.timestamps import now
from notechondria_shared.storage.deletions import queue_deletions

RESEND_COOLDOWN = timedelta(seconds=60)
MISMATCH = "Sign-in refused: Backend.Creators.Auth/login — no account matches this name and password."
NOT_INVITED = (
    "Registration refused: Backend.Creators.Auth/register.validate_invitation_code — "
    "this invitation is unknown, used up or expired."
)
BAD_CODE = "Verification refused: Backend.Creators.Auth/verify — the code is wrong, expired or already used."


def _taken(step: str, what: str) -> str:
    return f"Registration refused: Backend.Creators.Auth/register.validate_{step} — this {what} is already taken."


async def by_email(db: AsyncSession, email: str) -> User | None:
    """The account with this address, ignoring case."""
    if not email:
        return None
    found: User | None = await db.scalar(select(User).where(func.lower(User.email) == email.lower()))
    return found


async def by_name(db: AsyncSession, username: str) -> User | None:
    """The account with this user name, ignoring case."""
    found: User | None = await db.scalar(select(User).where(func.lower(User.username) == username.lower()))
    return found


async def problems_of(db: AsyncSession, body: Claim) -> dict[str, list[str]]:
    """What is taken or not invited, per field; nothing is written (identity §7.1)."""
    problems: dict[str, list[str]] = {}
    holder = await by_name(db, body.username)
    # Registering again while the first mail is still on its way is no clash with oneself.
    if holder and not (holder.status == PENDING and holder.email.lower() == body.email):
        problems["username"] = [_taken("username", "user name")]
    owner = await by_email(db, body.email)
    if owner and owner.status != PENDING:
        problems["email"] = [_taken("email", "address")]
    if await invitations.required(db):
        if not body.invitation_code:
            problems["invitation_code"] = [validation_messages.REQUIRED]
        elif not await invitations.check(db, body.invitation_code):
            problems["invitation_code"] = [NOT_INVITED]
    return problems


async def check_registration(db: AsyncSession, body: Register) -> None:
    """Refuse what is taken or not invited, all failing fields together (identity §7.1)."""
    if problems := await problems_of(db, body):
        raise FieldErrors(**problems)


async def register(db: AsyncSession, body: Register, password_hash: str, settings: IdentitySettings) -> str:
    """Make (or take over) the pending account, use the invitation, issue the code; the code's digits."""
    await check_registration(db, body)
    if await invitations.required(db) and not await invitations.consume(db, body.invitation_code):
        raise FieldErrors(invitation_code=NOT_INVITED)
    user = await by_email(db, body.email)
    if user is None:
        user = User(email=body.email, api_base_url=settings.default_api_base_url)
        db.add(user)
    user.username, user.password_hash, user.status = body.username, password_hash, PENDING
    try:
        await db.flush()
    except IntegrityError as clash:
        # Two registrations at the same time: the database decided, the answer names the field.
        field = "email" if "uq_users_email" in str(clash.orig) else "username"
        raise FieldErrors(**{field: _taken(field, "user name" if field == "username" else "address")}) from None
    return await codes.issue(db, codes.REGISTER, body.email, settings.smtp_email_verification_ttl_hours)


async def verify(db: AsyncSession, email: str, code: str) -> User:
    """Use the code and open the account (identity §7.3); a wrong try is counted although the request fails."""
    user = await by_email(db, email)
    if user is None or not await codes.consume(db, codes.REGISTER, email, code) or user.status != PENDING:
        raise NonFieldError(BAD_CODE, commit_on_error=True)
    user.status = ACTIVE
    await publish(db, user.event(UserActivated))
    return user


async def renew_code(db: AsyncSession, email: str, settings: IdentitySettings) -> str:
    """A new register code (identity §7.4); 400 `email` for unknown or active accounts and within 60 s."""
    step = "Code not sent: Backend.Creators.Auth/resend_verification — "
    user = await by_email(db, email)
    if user is None:
        raise FieldErrors(email=f"{step}no account waits for this address.")
    if user.status != PENDING:
        raise FieldErrors(email=f"{step}this account is already verified.")
    issued = await codes.last_issued(db, codes.REGISTER, email)
    if issued and issued > now() - RESEND_COOLDOWN:
        raise FieldErrors(email=f"{step}the last code is less than a minute old.")
    return await codes.issue(db, codes.REGISTER, email, settings.smtp_email_verification_ttl_hours)


async def delete_account(db: AsyncSession, user: User) -> None:
    """Remove everything identity holds of the account and publish that, so that the others do the same."""
    user_id, email, deleted = user.id, user.email.lower(), user.event(UserDeleted)
    await db.execute(
        delete(Code).where(or_(Code.scope == email, Code.scope == str(user_id), Code.scope.like(f"{user_id}:%")))
    )
    await db.execute(delete(Session).where(Session.user_id == user_id))
    await db.execute(delete(ApiKey).where(ApiKey.user_id == user_id))
    await db.execute(delete(User).where(User.id == user_id))
    await db.execute(upsert(EVENTS.deleted_users).values(user_id=user_id).on_conflict_do_nothing())
    await queue_deletions(db, FILE_DELETIONS, [folder_of(user_id)])
    await publish(db, deleted)
