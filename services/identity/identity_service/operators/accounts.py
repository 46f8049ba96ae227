"""Accounts that operators and staff open themselves, and passwords that they set (identity §17)."""

from __future__ import annotations

import secrets

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.service import by_name
from identity_service.addresses.service import by_address, prove
from identity_service.api_keys import service as api_keys
from identity_service.app_passwords import service as app_passwords
from identity_service.authorization import grants
from identity_service.codes import service as codes
from identity_service.events import publish
from identity_service.models import ACTIVE, User
from identity_service.names import service as names
from identity_service.operators.schemas import CreateAccount
from identity_service.passwords import composition_problem
from identity_service.security_log import service as security_log
from identity_service.sessions import service as sessions
from identity_service.sessions.devices import Device
from notechondria_contracts.events.identity import UserActivated
from notechondria_shared.core.errors import FieldErrors

TAKEN_NAME, TAKEN_ADDRESS = "This user name is taken.", "An account has this address."


async def check_account(db: AsyncSession, body: CreateAccount) -> None:
    """Refuse what is taken, all failing fields together. Registrations that still wait for a code do not count."""
    problems: dict[str, str] = {}
    if await by_name(db, body.username):
        problems["username"] = TAKEN_NAME
    elif problem := await names.problem_of(db, body.username):
        problems["username"] = problem
    if await by_address(db, body.email):
        problems["email"] = TAKEN_ADDRESS
    if problems:
        raise FieldErrors(**problems)


async def create_account(db: AsyncSession, body: CreateAccount, password_hash: str, api_base_url: str) -> User:
    """An open account whose address counts as proved: whoever runs the server vouches for it."""
    await check_account(db, body)
    user = User(
        username=body.username,
        email=body.email,
        password_hash=password_hash,
        status=ACTIVE,
        is_staff=body.is_staff,
        api_base_url=api_base_url,
    )
    db.add(user)
    try:
        await db.flush()
        await prove(db, user, body.email)
        await db.flush()
    except IntegrityError as clash:
        name_is_taken = "uq_users_username" in str(clash.orig)
        raise FieldErrors(**({"username": TAKEN_NAME} if name_is_taken else {"email": TAKEN_ADDRESS})) from None
    await publish(db, user.event(UserActivated))
    return user


async def set_password(db: AsyncSession, user: User, password_hash: str, device: Device, *, method: str) -> None:
    """A new password; as after a reset nothing that was made before it opens the account (decision 42)."""
    user.password_hash = password_hash
    await codes.void_all(db, user.id)
    await sessions.revoke_all(db, user.id)
    await api_keys.revoke_all(db, user.id)
    await grants.end_all(db, user.id)
    await app_passwords.revoke_all(db, user.id)
    await security_log.record(db, user.id, security_log.PASSWORD_CHANGED, device, method=method)


def draw_password() -> str:
    """A random password that the rules of identity §7.1 accept."""
    while composition_problem(password := secrets.token_urlsafe(15)):
        pass
    return password
