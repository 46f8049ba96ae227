"""What mcp consumes (ADR 0003)."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_service.models import EVENTS, Call, UndoRun
from notechondria_contracts.events.identity import UserDeleted
from notechondria_shared.messaging.accounts import AccountGuard
from notechondria_shared.messaging.consumer import Subscription

ACCOUNTS = AccountGuard(EVENTS)


async def on_user_deleted(db: AsyncSession, event: UserDeleted) -> None:
    """Delete the account's part of the agents' log; later calls of it are not logged."""
    await ACCOUNTS.mark_deleted(db, event.user_id)
    for table in (Call, UndoRun):
        gone = delete(table).where(table.user_id == event.user_id)
        await db.execute(gone.execution_options(synchronize_session=False))


SUBSCRIPTIONS = (Subscription(source="identity", handlers={UserDeleted: on_user_deleted}),)
