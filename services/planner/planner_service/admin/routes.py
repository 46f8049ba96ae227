"""Events and feeds for the administration (docs/admin.md): lists, and what staff may do in their owners' place.

Each action is the owner's own, through the same rule, so that the same facts are told.
"""

from __future__ import annotations

from notechondria_shared.web.admin import Shown, admin_router
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from planner_service.admin import queries
from planner_service.calendar_feeds import service as feeds
from planner_service.calendar_feeds.schemas import ChangeFeed
from planner_service.dependencies import Sources
from planner_service.planner_events import service as events

EVENTS = Shown(queries.EVENTS, events.NO_EVENT)
FEEDS = Shown(queries.FEEDS, feeds.NO_FEED)
router = admin_router(events=EVENTS, feeds=FEEDS)


@router.post("/events/{event_id:id}/delete", status_code=204)
async def delete_event(read: ReadSession, event_id: int, db: WriteSession) -> None:
    """Remove an event with all its occurrences (planner §2.1)."""
    await events.delete(db, (await EVENTS.row(read, event_id))["user_id"], event_id)


@router.post("/feeds/{feed_id:id}/refresh", status_code=204)
async def refresh_feed(read: ReadSession, feed_id: int, sources: Sources) -> None:
    """Read a feed now; how it went stands in the feed."""
    if (source_id := (await FEEDS.row(read, feed_id))["source_id"]) is not None:
        await sources.refresh(source_id)


@router.post("/feeds/{feed_id:id}/disable", status_code=204)
async def disable_feed(read: ReadSession, feed_id: int, db: WriteSession) -> None:
    """Show and read it no more (planner §3.2)."""
    row = await FEEDS.row(read, feed_id)
    await feeds.change(db, row["user_id"], feed_id, ChangeFeed(is_enabled=False), None)


@router.post("/feeds/{feed_id:id}/enable", status_code=204)
async def enable_feed(read: ReadSession, feed_id: int, sources: Sources, db: WriteSession) -> None:
    """Show and read it again (planner §3.2)."""
    row = await FEEDS.row(read, feed_id)
    if row["source_id"] is not None:
        await sources.catch_up(row["source_id"])
    await feeds.change(db, row["user_id"], feed_id, ChangeFeed(is_enabled=True), None)


@router.post("/feeds/{feed_id:id}/delete", status_code=204)
async def delete_feed(read: ReadSession, feed_id: int, db: WriteSession) -> None:
    """Remove a feed and what was read for it alone (planner §3.1)."""
    await feeds.delete(db, (await FEEDS.row(read, feed_id))["user_id"], feed_id)
