"""The events that identity publishes."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.models import EVENTS
from notechondria_contracts.events import IntegrationEvent
from notechondria_shared.messaging import outbox


async def publish(db: AsyncSession, *events: IntegrationEvent) -> None:
    """Publish events with the transaction."""
    await outbox.publish(db, EVENTS, *events)
