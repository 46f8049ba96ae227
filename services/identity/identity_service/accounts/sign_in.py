"""Verifying a password (identity §7.5), for apps and for the administration site alike."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts import queries, schemas, service
from identity_service.limits.service import limited
from identity_service.models import ACTIVE, User
from identity_service.sessions.devices import Device
from identity_service.state import identity_state
from notechondria_shared.core.errors import NonFieldError

NOBODY = "Sign-in refused: Backend.Creators.Auth/login — an address or a user name is needed."


@dataclass(frozen=True, slots=True)
class VerifiedCredentials:
    """Whose password was right, the hash it was held against, and a new hash when that one should be upgraded."""

    user_id: int
    password_hash: str
    upgraded: str | None


async def verify_credentials(
    request: Request, body: schemas.Login, device: Device | None = None
) -> VerifiedCredentials:
    """Look at name and password under the limits of guessing; every mismatch reads the same (400), too many are 429.

    `device` is whose tries they are, where the request itself comes from another service.
    """
    identifier = body.identifier or body.email
    if not identifier:
        raise NonFieldError(NOBODY)
    state = identity_state(request.app)
    user = await state.database.reader.one(queries.FOR_LOGIN, identifier=identifier)
    account = f"user {user.id}" if user else identifier
    async with limited(request, "login", account, user_id=user.id if user else 0, device=device):
        # No connection is held while the hash is computed.
        source = (device or Device.of(request)).ip_hash
        matches, upgraded = await state.passwords.verify(body.password, user.password_hash if user else None, source)
        if user is None or not matches or user.status != ACTIVE:
            raise NonFieldError(service.MISMATCH)
    return VerifiedCredentials(user.id, user.password_hash, upgraded)


async def load_verified_user(db: AsyncSession, credentials: VerifiedCredentials) -> User:
    """The account, locked, unless it changed since its password was looked at; keeps an upgraded hash."""
    account = await db.get(User, credentials.user_id, with_for_update=True)
    if account is None or account.status != ACTIVE or account.password_hash != credentials.password_hash:
        raise NonFieldError(service.MISMATCH)
    if credentials.upgraded:
        account.password_hash = credentials.upgraded
    return account
