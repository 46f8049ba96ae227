"""What mcp hears: a deleted account takes its rows along."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_service.models import EVENTS
from notechondria_shared.events.consumer import Subscription
from notechondria_shared.events.identity import UserDeleted


async def forget_user(session: AsyncSession, fact: UserDeleted) -> None:
    """Remember that the account is gone."""
    await session.execute(upsert(EVENTS.deleted_users).values(user_id=fact.user_id).on_conflict_do_nothing())


SUBSCRIPTIONS = (Subscription(source="identity", handlers={UserDeleted: forget_user}),)
