"""What planner tells the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.planner import FeedDeleted, PlannerEventState
from notechondria_shared.messaging import publish
from planner_service.models import EVENTS, CalendarFeed, PlannerEvent

STATE = (
    PlannerEvent.id.label("event_id"),
    PlannerEvent.user_id,
    PlannerEvent.title,
    PlannerEvent.event_date,
    PlannerEvent.course_id,
    PlannerEvent.is_completed,
    PlannerEvent.revision,
)
"""The columns a fact is made of, for statements that change many rows at once."""


async def publish_event(db: AsyncSession, fact: type[PlannerEventState], event: PlannerEvent) -> None:
    """Publish the present state of an event under its revision."""
    told = fact(
        event_id=event.id,
        user_id=event.user_id,
        title=event.title,
        event_date=event.event_date,
        course_id=event.course_id,
        is_completed=event.is_completed,
        revision=event.revision,
    )
    await publish(db, EVENTS, told)


async def publish_events(db: AsyncSession, event: type[PlannerEventState], states: list[Mapping[str, Any]]) -> None:
    """Publish many events; `states` are rows of the `STATE` columns."""
    await publish(db, EVENTS, *(event(**state) for state in states))


async def publish_feed_deleted(db: AsyncSession, feed: CalendarFeed) -> None:
    """Publish that a feed is gone: the one thing that is told of a feed, hence its first revision."""
    await publish(db, EVENTS, FeedDeleted(feed_id=feed.id, user_id=feed.user_id, revision=1))
