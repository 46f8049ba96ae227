"""Accounts without the way through the sign-up: rows, event and picture are what identity makes when a code is used.

A sign-up costs a tenth of a second of processor time, half of it for the hash of the password and the drawn picture; a
whole run needs some thousands of accounts. `Api.sign_up` goes the whole way.
"""

from __future__ import annotations

import asyncio
import secrets
from functools import lru_cache

from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session as DatabaseSession

from identity_service.account_models import SecurityEvent
from identity_service.avatars.service import default_path, draw
from identity_service.models import ACTIVE, EVENTS, Session, User
from identity_service.passwords import PasswordPool
from identity_service.security_log.service import SIGNED_IN
from identity_service.sessions.devices import Device
from identity_service.sign_ins.service import MAILED_CODE
from notechondria_contracts.events.identity import UserActivated
from notechondria_launcher.stack import Stack
from notechondria_shared.auth.credentials import digest
from notechondria_shared.messaging.outbox import wrap


@lru_cache
def _hash_of(password: str) -> str:
    """Hashed once: the accounts of a run have the same password."""
    pool = PasswordPool(workers=1, queue=1)
    try:
        return asyncio.run(pool.hash(password))
    finally:
        pool.close()


@lru_cache
def _picture() -> bytes:
    return draw("user")


class ReadyAccounts:
    """Writes accounts into the database of a stack, each in a transaction, and its picture beside the others."""

    def __init__(self, stack: Stack) -> None:
        url = stack.database_url("identity").replace("postgresql:", "postgresql+psycopg:", 1)
        # Tests restart Postgres: a connection is looked at before it is used.
        self._engine = create_engine(url, pool_size=1, pool_pre_ping=True)
        self._media = stack.data / "media"
        self._api_base_url = f"{stack.plan.public_url.rstrip('/')}/api/v1"

    def close(self) -> None:
        """Let go of the connection."""
        self._engine.dispose()

    def make(self, username: str, email: str, password: str, user_agent: str) -> tuple[int, str]:
        """An active account that was signed in by a mailed code: its id, and the token of the session."""
        token, device = secrets.token_hex(20), Device.seen(user_agent, "127.0.0.1")
        with DatabaseSession(self._engine) as db, db.begin():
            user = User(
                username=username,
                email=email,
                verified_email=email,
                password_hash=_hash_of(password),
                status=ACTIVE,
                api_base_url=self._api_base_url,
            )
            db.add(user)
            db.flush()
            (event,) = wrap(EVENTS, user.event(UserActivated))
            user.image_path = default_path(user.id)
            picture = self._media / user.image_path
            picture.parent.mkdir(parents=True)
            picture.write_bytes(_picture())
            row = {"event_id": event.id, "subject": event.type, "envelope": event.document()}
            db.execute(insert(EVENTS.outbox).values(row))
            seen = {"user_id": user.id, "device_label": device.label, "network": device.network}
            db.add(Session(**seen, digest=digest(token), user_agent=device.user_agent, ip_hash=device.ip_hash))
            db.add(SecurityEvent(**seen, kind=SIGNED_IN, method=MAILED_CODE))
            return user.id, token
