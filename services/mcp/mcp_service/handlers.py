"""What mcp consumes (ADR 0003)."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_service.models import EVENTS, Call
from notechondria_contracts.events.identity import UserDeleted
from notechondria_shared.messaging.consumer import Subscription


async def on_user_deleted(db: AsyncSession, event: UserDeleted) -> None:
    """Delete the account's part of the agents' log; later calls of it are not logged."""
    await db.execute(upsert(EVENTS.deleted_users).values(user_id=event.user_id).on_conflict_do_nothing())
    await db.execute(delete(Call).where(Call.user_id == event.user_id).execution_options(synchronize_session=False))


SUBSCRIPTIONS = (Subscription(source="identity", handlers={UserDeleted: on_user_deleted}),)
