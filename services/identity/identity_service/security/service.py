"""Password reset, identity codes, password and e-mail change (identity §8)."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.addresses.service import by_address, prove
from identity_service.api_keys import service as api_keys
from identity_service.app_passwords import service as app_passwords
from identity_service.authorization import grants
from identity_service.codes import service as codes
from identity_service.models import Session, User
from identity_service.security.schemas import ConfirmEmailChange, ConfirmReset
from identity_service.sessions import service as sessions
from identity_service.sessions.devices import Device
from notechondria_shared.core.errors import BadRequest, FieldErrors, NonFieldError

TAG = "Backend.Creators.Auth"
RESET_REFUSED = f"Password kept: {TAG}/password.reset.confirm — the code is wrong, expired or already used."
IDENTITY_REFUSED = f"Nothing changed: {TAG}/identity_code — the code is wrong, expired or already used."
CURRENT_WRONG = (
    f"Password kept: {TAG}/password.change — the current password is wrong; ask for a new code and try again."
)
EMAIL_TAKEN = f"Address kept: {TAG}/email.change — this address is already in use."
EMAIL_REFUSED = f"Address kept: {TAG}/email.change.confirm — the code is wrong, expired or already used."


async def issue_reset(db: AsyncSession, email: str) -> tuple[str, int]:
    """A reset code and whose it is; 400 `email` for an unknown account, as the apps rely on (identity §8.1).

    An address that nobody proved is no account's (decision 43).
    """
    user = await by_address(db, email)
    if user is None:
        raise FieldErrors(email=f"Code not sent: {TAG}/password.reset.request — no account has this address.")
    return await codes.issue(db, codes.PASSWORD_RESET, email, user.id), user.id


async def confirm_reset(db: AsyncSession, body: ConfirmReset, password_hash: str, failures_per_day: int) -> User:
    """Set the password, end every session and API key; an inactive account stays inactive (identity §8.2).

    Whoever needs a reset may have lost the account: nothing that was made before it opens it afterwards (decision 42),
    and an address that somebody only claimed for it is forgotten.
    """
    user = await by_address(db, body.email)
    if user is None:
        raise NonFieldError(RESET_REFUSED)
    right = await codes.consume(db, codes.PASSWORD_RESET, body.email, body.code, failures_per_day=failures_per_day)
    if right is None or right.user_id != user.id:
        raise NonFieldError(RESET_REFUSED, commit_on_error=True)
    user.password_hash = password_hash
    await prove(db, user, body.email)
    await sessions.revoke_all(db, user.id)
    await api_keys.revoke_all(db, user.id)
    await grants.end_all(db, user.id)
    await app_passwords.revoke_all(db, user.id)
    return user


async def use_identity_code(db: AsyncSession, user_id: int, code: str, failures_per_day: int) -> None:
    """Burn the identity code, or refuse with `detail`; the attempt counts either way."""
    if not await codes.consume(db, codes.IDENTITY, str(user_id), code, failures_per_day=failures_per_day):
        raise BadRequest(IDENTITY_REFUSED, commit_on_error=True)


async def set_password(
    db: AsyncSession, user: User, password_hash: str, device: Device, *, revoke_api_keys: bool
) -> tuple[str, Session]:
    """The new password; sessions and open codes end, API keys when asked for, one session is made (identity §8.4)."""
    user.password_hash = password_hash
    await codes.void_all(db, user.id)
    await sessions.revoke_all(db, user.id)
    if revoke_api_keys:
        await api_keys.revoke_all(db, user.id)
        await app_passwords.revoke_all(db, user.id)
        await grants.end_all(db, user.id)
    return await sessions.mint(db, user.id, device)


def change_scope(user_id: int, email: str) -> str:
    """(fix) The code of step 2 belongs to the user and the address, not to the address alone (identity §8.5)."""
    return f"{user_id}:{email}"


async def problems_of(db: AsyncSession, email: str) -> dict[str, list[str]]:
    """What speaks against an address for step 1: that an account proved it, the own one included."""
    return {"new_email": [EMAIL_TAKEN]} if await by_address(db, email) is not None else {}


async def issue_email_change(
    db: AsyncSession, user_id: int, email: str, identity_code: str, failures_per_day: int
) -> str:
    """Step 1: the address must be free, the identity code is burnt; a code for the new address."""
    if problems := await problems_of(db, email):
        raise FieldErrors(**problems)
    await use_identity_code(db, user_id, identity_code, failures_per_day)
    return await codes.issue(db, codes.CHANGE_EMAIL, change_scope(user_id, email), user_id)


async def confirm_email_change(db: AsyncSession, user: User, body: ConfirmEmailChange, failures_per_day: int) -> None:
    """Step 2: the code is good and the address still free; sessions stay, open codes end (identity §8.5)."""
    scope = change_scope(user.id, body.new_email)
    if not await codes.consume(db, codes.CHANGE_EMAIL, scope, body.code, failures_per_day=failures_per_day):
        raise NonFieldError(EMAIL_REFUSED, commit_on_error=True)
    if await by_address(db, body.new_email) is not None:
        raise NonFieldError(EMAIL_TAKEN, commit_on_error=True)
    try:
        await prove(db, user, body.new_email)
        await db.flush()
    except IntegrityError:
        raise NonFieldError(EMAIL_TAKEN) from None
