"""What identity tells the others."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.models import ACTIVE, EVENTS, User
from notechondria_contracts.events import IntegrationEvent
from notechondria_contracts.events.identity import UserState
from notechondria_shared.messaging import publish


async def tell(db: AsyncSession, *events: IntegrationEvent) -> None:
    """Publish facts with the transaction."""
    await publish(db, EVENTS, *events)


async def publish_user_state(db: AsyncSession, event: type[UserState], user: User) -> None:
    """Publish the present state of an account under its next revision."""
    user.revision += 1
    await tell(
        db,
        event(
            user_id=user.id,
            username=user.username,
            image_path=user.image_path,
            editor_mode=user.editor_mode,
            is_active=user.status == ACTIVE,
            revision=user.revision,
        ),
    )
