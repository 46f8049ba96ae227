"""What identity makes sure of at each start (identity §17, architecture §6)."""

from __future__ import annotations

import logging

from sqlalchemy import func, select, text

from identity_service.events import tell_state
from identity_service.models import ACTIVE, User
from identity_service.passwords import PasswordPool
from identity_service.sessions import service as sessions
from identity_service.settings import IdentitySettings
from notechondria_shared.database import Database
from notechondria_shared.events.identity import UserActivated, UserUpdated
from notechondria_shared.settings import ServiceSettings

logger = logging.getLogger("notechondria.start")


async def bootstrap(settings: ServiceSettings) -> None:
    """Create or update the administrator of the environment; wipe sessions when asked to. Idempotent."""
    assert isinstance(settings, IdentitySettings)  # noqa: S101 - the runner hands back what it was given
    database = Database(settings)
    pool = PasswordPool(1, 1)
    try:
        if settings.wipe_sessions_on_start:
            async with database.transaction() as session:
                await sessions.revoke_everybody(session)
            logger.info("all sessions were ended (WIPE_SESSIONS_ON_START)")
        if settings.django_superuser_password.get_secret_value():
            await _administrator(database, pool, settings)
    finally:
        pool.close()
        await database.close()


async def _administrator(database: Database, pool: PasswordPool, settings: IdentitySettings) -> None:
    name = settings.django_superuser_username
    email = (settings.django_superuser_email or f"{name}@localhost").lower()
    password = settings.django_superuser_password.get_secret_value()
    async with database.transaction() as session:
        # Replicas start together; the lock ends with the transaction.
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('identity.bootstrap'))"))
        user = await session.scalar(select(User).where(func.lower(User.username) == name.lower()))
        fact: type[UserActivated | UserUpdated] = UserUpdated
        if user is None:
            fact = UserActivated
            user = User(username=name, email=email, api_base_url=settings.default_api_base_url)
            session.add(user)
        matches, _ = await pool.verify(password, user.password_hash or None)
        if not matches:
            user.password_hash = await pool.hash(password)
        user.email, user.status, user.is_staff, user.is_superuser = email, ACTIVE, True, True
        if session.new or session.is_modified(user):
            await session.flush()
            await tell_state(session, fact, user)
