"""The events that planner publishes."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events import IntegrationEvent
from notechondria_contracts.events.planner import FeedDeleted, NoteSessionOpened
from notechondria_shared.messaging import outbox
from planner_service.models import EVENTS, CalendarFeed, NoteSession


async def publish(db: AsyncSession, *events: IntegrationEvent) -> None:
    """Publish events with the transaction."""
    await outbox.publish(db, EVENTS, *events)


def feed_deleted(feed: CalendarFeed) -> FeedDeleted:
    """A feed is gone: its only event, hence its first revision."""
    return FeedDeleted(feed_id=feed.id, user_id=feed.user_id, revision=1)


def session_opened(row: NoteSession) -> NoteSessionOpened:
    """A session of work began."""
    return NoteSessionOpened(
        session_id=row.id, note_id=row.note_id, user_id=row.user_id, started_at=row.started_at, revision=1
    )
