"""What identity makes sure of at each start (identity §17, ADR 0022)."""

from __future__ import annotations

import logging
import secrets

from sqlalchemy import exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.addresses.service import prove
from identity_service.events import publish
from identity_service.models import ACTIVE, User
from identity_service.passwords import PasswordPool
from identity_service.sessions import service as sessions
from identity_service.settings import IdentitySettings
from notechondria_contracts.events.identity import UserActivated, UserUpdated
from notechondria_shared.core.settings import ServiceSettings
from notechondria_shared.db import Database

DEMO_ACCOUNT, STAND_IN = "CodeX", "sample-course-owner"
logger = logging.getLogger("notechondria.start")


async def bootstrap(settings: ServiceSettings) -> None:
    """Create or update the administrator of the environment, make the accounts that own the template courses, wipe
    sessions when asked to. Idempotent."""
    assert isinstance(settings, IdentitySettings)  # noqa: S101 - the runner hands back what it was given
    database = Database(settings)
    pool = PasswordPool(1, 1)
    try:
        if settings.wipe_sessions_on_start:
            async with database.transaction() as db:
                await sessions.revoke_everybody(db)
            logger.info("all sessions were ended (WIPE_SESSIONS_ON_START)")
        if settings.django_superuser_password.get_secret_value():
            await _administrator(database, pool, settings)
        await _owners_of_template_courses(database, pool, settings)
    finally:
        pool.close()
        await database.close()


async def _administrator(database: Database, pool: PasswordPool, settings: IdentitySettings) -> None:
    name = settings.django_superuser_username
    email = (settings.django_superuser_email or f"{name}@localhost").lower()
    password = settings.django_superuser_password.get_secret_value()
    async with database.transaction() as db:
        await _alone(db)
        user = await db.scalar(select(User).where(func.lower(User.username) == name.lower()))
        event: type[UserActivated | UserUpdated] = UserUpdated
        if user is None:
            event = UserActivated
            user = User(username=name, email="", api_base_url=settings.default_api_base_url)
            db.add(user)
            await db.flush()
        matches, _ = await pool.verify(password, user.password_hash or None)
        if not matches:
            user.password_hash = await pool.hash(password)
        if await db.scalar(select(exists().where(User.verified_email == email, User.id != user.id))):
            # Somebody proved that it is theirs; that must not keep the product from starting.
            logger.warning("another account has the administrator's address %s; %r keeps its own", email, name)
        elif (user.email, user.verified_email) != (email, email):
            await prove(db, user, email)  # the operator says so
        user.status, user.is_staff, user.is_superuser = ACTIVE, True, True
        if db.new or db.is_modified(user):
            await db.flush()
            await publish(db, user.event(event))


async def _alone(db: AsyncSession) -> None:
    """Replicas start together; the lock ends with the transaction."""
    await db.execute(text("SELECT pg_advisory_xact_lock(hashtext('identity.bootstrap'))"))


async def _owners_of_template_courses(database: Database, pool: PasswordPool, settings: IdentitySettings) -> None:
    """The demo account, and a stand-in while there is no superuser (notes §11.2); whoever has the name keeps it."""
    async with database.transaction() as db:
        await _alone(db)
        names = [DEMO_ACCOUNT]
        if not await db.scalar(select(exists().where(User.is_superuser, User.status == ACTIVE))):
            names.append(STAND_IN)
        for name in names:
            if await db.scalar(select(exists().where(func.lower(User.username) == name.lower()))):
                continue
            # Nobody knows the password, and without an address it cannot be reset.
            user = User(
                username=name,
                email="",
                password_hash=await pool.hash(secrets.token_urlsafe(32)),
                status=ACTIVE,
                api_base_url=settings.default_api_base_url,
            )
            db.add(user)
            await db.flush()
            await publish(db, user.event(UserActivated))
