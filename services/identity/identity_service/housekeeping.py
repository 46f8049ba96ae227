"""What identity forgets in time: windows of limits, codes and sessions that ended long ago."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from sqlalchemy import delete, or_

from identity_service.limits.service import forget_old
from identity_service.models import ApiKey, Code, Session
from notechondria_shared.database import Database
from notechondria_shared.errors import Unavailable
from notechondria_shared.timestamps import now

logger = logging.getLogger("notechondria.housekeeping")
EVERY_SECONDS = 3600.0
KEPT = timedelta(days=90)
"""How long ended sessions and keys stay, for whoever asks what happened."""
CODES_KEPT = timedelta(days=7)


async def sweep(database: Database) -> None:
    """One round; every statement is idempotent, so replicas may sweep together."""
    moment = now()
    async with database.transaction() as session:
        await forget_old(session)
        await session.execute(delete(Code).where(Code.expires_at < moment - CODES_KEPT))
        ended = or_(Session.revoked_at < moment - KEPT, Session.created_at < moment - KEPT)
        await session.execute(delete(Session).where(ended))
        await session.execute(delete(ApiKey).where(ApiKey.revoked_at < moment - KEPT))


async def run(database: Database) -> None:
    """Sweep for ever, once an hour."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await sweep(database)
        except Unavailable:
            logger.warning("housekeeping: database away, next time")
