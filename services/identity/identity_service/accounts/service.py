"""Accounts: made, verified, signed in, deleted (identity §7)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.schemas import Claim, Register
from identity_service.addresses.service import by_address, prove
from identity_service.avatars.service import folder_of
from identity_service.events import publish
from identity_service.invitations import service as invitations
from identity_service.models import ACTIVE, EVENTS, FILE_DELETIONS, PENDING, ApiKey, Code, Session, User
from identity_service.names import service as names
from identity_service.registrations import service as registrations
from identity_service.sessions.devices import Device
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


def _refusal(step: str, cause: str) -> str:
    return f"Registration refused: Backend.Creators.Auth/register.validate_{step} — {cause}"


def _taken(step: str, what: str) -> str:
    return _refusal(step, f"this {what} is already taken.")


async def by_name(db: AsyncSession, username: str) -> User | None:
    """The account with this user name, ignoring case."""
    user: User | None = await db.scalar(select(User).where(func.lower(User.username) == username.lower()))
    return user


async def problems_of(db: AsyncSession, body: Claim, settings: IdentitySettings) -> dict[str, list[str]]:
    """What is taken or not invited, per field; nothing is written (identity §7.1)."""
    problems: dict[str, list[str]] = {}
    holder = await by_name(db, body.username)
    # An account of the monolith that waits for this very address is no clash with oneself.
    if holder and not (holder.status == PENDING and holder.email.lower() == body.email):
        problems["username"] = [_taken("username", "user name")]
    elif problem := await names.problem_of(db, body.username):
        problems["username"] = [_refusal("username", problem)]
    elif await registrations.hold_name(db, body.username, body.email):
        problems["username"] = [_taken("username", "user name")]
    if await by_address(db, body.email):
        problems["email"] = [_taken("email", "address")]
    if settings.registration == invitations.CLOSED:
        problems["invitation_code"] = [invitations.CLOSED_TEXT]
    elif await invitations.required(db, settings.registration):
        if not body.invitation_code:
            problems["invitation_code"] = [validation_messages.REQUIRED]
        elif not await invitations.check(db, body.invitation_code, settings.registration):
            problems["invitation_code"] = [NOT_INVITED]
    return problems


async def check_registration(db: AsyncSession, body: Register, settings: IdentitySettings) -> None:
    """Refuse what is taken or not invited, all failing fields together (identity §7.1)."""
    if problems := await problems_of(db, body, settings):
        raise FieldErrors(**problems)


async def register(
    db: AsyncSession, body: Register, password_hash: str, device: Device, settings: IdentitySettings
) -> registrations.Issued:
    """Note the registration down beside others of its address, use the invitation, issue the code.

    No account is made before the code is used (decision 45).
    """
    await registrations.lock_name(db, body.username)
    await check_registration(db, body, settings)
    invited = settings.registration
    if await invitations.required(db, invited) and not await invitations.consume(db, body.invitation_code, invited):
        raise FieldErrors(invitation_code=NOT_INVITED)
    return await registrations.add(
        db,
        body.email,
        username=body.username,
        password_hash=password_hash,
        ip_hash=device.ip_hash,
        life=settings.registration_life,
    )


async def verify(db: AsyncSession, email: str, code: str, device: Device, settings: IdentitySettings) -> User:
    """Use the code and make the account that it was mailed for (identity §7.3).

    A wrong try is counted although the request fails. 400 `username` when somebody has taken the name meanwhile.
    """
    registration = None
    if await by_address(db, email) is None:
        registration = await registrations.consume(
            db,
            email,
            code,
            ip_hash=device.ip_hash,
            life=settings.registration_life,
            failures_per_day=settings.code_failures_per_day,
        )
    if registration is None:
        raise NonFieldError(BAD_CODE, commit_on_error=True)
    if problem := await names.problem_of(db, registration.username):
        raise FieldErrors(username=_refusal("username", problem))
    user = User(
        username=registration.username,
        email=email,
        password_hash=registration.password_hash,
        status=ACTIVE,
        api_base_url=settings.default_api_base_url,
    )
    db.add(user)
    try:
        await db.flush()
        await prove(db, user, email)
        await db.flush()
    except IntegrityError as clash:
        # The name or the address got an account at the same moment, or the name did since the registration.
        if "uq_users_username" in str(clash.orig):
            raise FieldErrors(username=_taken("username", "user name")) from None
        raise NonFieldError(BAD_CODE) from None
    await publish(db, user.event(UserActivated))
    return user


async def renew_code(db: AsyncSession, email: str, device: Device, settings: IdentitySettings) -> registrations.Issued:
    """A new code for the newest registration (identity §7.4), of the same network if there is one.

    400 `email` for unknown or active accounts and within 60 s.
    """
    step = "Code not sent: Backend.Creators.Auth/resend_verification — "
    if await by_address(db, email) is not None:
        raise FieldErrors(email=f"{step}this account is already verified.")
    registration = await registrations.newest(db, email, device.ip_hash, settings.registration_life)
    if registration is None:
        raise FieldErrors(email=f"{step}no account waits for this address.")
    issued = await registrations.last_issued(db, email)
    if issued and issued > now() - RESEND_COOLDOWN and registration.digest:
        raise FieldErrors(email=f"{step}the last code is less than a minute old.")
    return await registrations.renew(db, registration, settings.registration_life)


async def delete_account(db: AsyncSession, user: User) -> None:
    """Remove everything identity holds of the account and publish that, so that the others do the same."""
    user_id, deleted = user.id, user.event(UserDeleted)
    # A claimed address is somebody else's: what was mailed there is not this account's.
    own = [Code.user_id == user_id]
    if user.verified_email:
        own.append(Code.scope == user.verified_email)
    await db.execute(delete(Code).where(or_(*own)))
    await db.execute(delete(Session).where(Session.user_id == user_id))
    await db.execute(delete(ApiKey).where(ApiKey.user_id == user_id))
    await db.execute(delete(User).where(User.id == user_id))
    await db.execute(upsert(EVENTS.deleted_users).values(user_id=user_id).on_conflict_do_nothing())
    await queue_deletions(db, FILE_DELETIONS, [folder_of(user_id)])
    await publish(db, deleted)
