"""Verifying a password (identity §7.5), for apps and for the administration site alike."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts import queries, schemas, service
from identity_service.app_passwords import service as app_password_service
from identity_service.limits.service import limited
from identity_service.models import ACTIVE, User
from identity_service.security_log import service as security_log
from identity_service.sessions.devices import Device
from identity_service.sign_ins import service as sign_ins
from identity_service.state import identity_state
from notechondria_shared.core.errors import ApiError, FieldErrors, NonFieldError

NOBODY = "Sign-in refused: Backend.Creators.Auth/login — an address or a user name is needed."
WRONG = "Action refused: Backend.Creators.Auth/confirm-password — the password is wrong."


@dataclass(frozen=True, slots=True)
class VerifiedCredentials:
    """Whose password was right, the hash it was held against, and a new hash when that one should be upgraded."""

    user_id: int
    password_hash: str
    upgraded: str | None
    app_password_id: int | None = None
    """The app password that was sent in the place of the account's own."""


async def verify_credentials(
    request: Request, body: schemas.Login, device: Device | None = None, *, app_passwords: bool = False
) -> VerifiedCredentials:
    """Look at name and password under the limits of guessing; every mismatch reads the same (400), too many are 429.

    `device` is whose tries they are, where the request itself comes from another service. `app_passwords`: whether
    those count too, which they do where there is no page to ask for a second factor.
    """
    identifier = body.identifier or body.email
    if not identifier:
        raise NonFieldError(NOBODY)
    user = await identity_state(request.app).database.reader.one(queries.FOR_LOGIN, identifier=identifier)
    mismatch = NonFieldError(service.MISMATCH)
    return await _verify(request, user, body.password, mismatch, identifier, device, app_passwords=app_passwords)


async def verify_own_password(request: Request, user_id: int, password: str, device: Device) -> VerifiedCredentials:
    """Look at the password of who is signed in already; it shares the limits of signing in. Wrong: 400 `password`."""
    user = await identity_state(request.app).database.reader.one(queries.FOR_OWN_PASSWORD, user_id=user_id)
    return await _verify(request, user, password, FieldErrors(password=WRONG), f"user {user_id}", device)


async def _verify(
    request: Request,
    user: queries.LoginRow | None,
    password: str,
    mismatch: ApiError,
    identifier: str,
    device: Device | None,
    *,
    app_passwords: bool = False,
) -> VerifiedCredentials:
    state = identity_state(request.app)
    account = f"user {user.id}" if user else identifier
    async with limited(request, "login", account, user_id=user.id if user else 0, device=device):
        if app_passwords and user is not None and user.status == ACTIVE:
            async with state.database.transaction() as db:
                app_password_id = await app_password_service.matching(db, user.id, password)
            if app_password_id is not None:
                return VerifiedCredentials(user.id, user.password_hash, None, app_password_id)
        # No connection is held while the hash is computed.
        source = (device or Device.of(request)).ip_hash
        matches, upgraded = await state.passwords.verify(password, user.password_hash if user else None, source)
        if user is None or not matches or user.status != ACTIVE:
            if user is not None:
                await security_log.record_refusal(
                    state.database, user.id, device or Device.of(request), sign_ins.PASSWORD
                )
            raise mismatch
    return VerifiedCredentials(user.id, user.password_hash, upgraded)


async def load_verified_user(db: AsyncSession, credentials: VerifiedCredentials) -> User:
    """The account, locked, unless it changed since its password was looked at; keeps an upgraded hash."""
    account = await db.get(User, credentials.user_id, with_for_update=True)
    if account is None or account.status != ACTIVE or account.password_hash != credentials.password_hash:
        raise NonFieldError(service.MISMATCH)
    if credentials.upgraded:
        account.password_hash = credentials.upgraded
    return account
