"""The record of what staff does on the administration site: claimed before, settled after, in a log line as well."""

from __future__ import annotations

import logging

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.models import StaffAction
from notechondria_contracts.internal.staff import BEGUN
from notechondria_shared.core.errors import NotFound
from notechondria_shared.core.timestamps import now

logger = logging.getLogger("notechondria.admin")
UNKNOWN = "Action not found."


async def begin(db: AsyncSession, user_id: int, action: str, about: str) -> StaffAction:
    """Claim an action before it is done: whatever happens afterwards, it is written down that it was begun."""
    row = StaffAction(user_id=user_id, action=action, object=about, outcome=BEGUN)
    db.add(row)
    await db.flush()
    return row


async def settle(db: AsyncSession, action_id: int, outcome: str, about: str | None = None) -> None:
    """Say how an action ended; 404 when there is none. What is settled stays as it is: a repeated call is harmless."""
    row = await db.get(StaffAction, action_id, with_for_update=True)
    if row is None:
        raise NotFound(UNKNOWN)
    if row.outcome != BEGUN:
        return
    row.outcome, row.ended_at = outcome, now()
    if about is not None:
        row.object = about
    log(row)


async def record(db: AsyncSession, user_id: int, action: str, about: str, outcome: str = "done") -> None:
    """Write down an action that is decided here, in the transaction that does it."""
    at = now()
    row = StaffAction(user_id=user_id, action=action, object=about, outcome=outcome, begun_at=at, ended_at=at)
    db.add(row)
    await db.flush()
    log(row)


def log(row: StaffAction) -> None:
    """One line for each action: who, what, on which object, how it ended."""
    logger.info("staff=%d action=%s object=%s outcome=%s", row.user_id, row.action, row.object, row.outcome)
