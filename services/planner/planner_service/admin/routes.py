"""Events and feeds for the administration (docs/admin.md): lists, and what staff may do in their owners' place.

Each action is the owner's own, through the same rule, so that the same facts are told.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends

from notechondria_shared.database.engine import ReadSession, WriteSession
from notechondria_shared.database.listing import WantedRows
from notechondria_shared.database.tables import Row
from notechondria_shared.errors import NotFound
from notechondria_shared.http.internal import require_internal
from planner_service.admin import queries
from planner_service.calendar_feeds import service as feeds
from planner_service.calendar_feeds.routes import Sources
from planner_service.planner_events import service as events

router = APIRouter(prefix="/internal/admin", include_in_schema=False, dependencies=[Depends(require_internal)])


@router.get("/events")
async def list_events(read: ReadSession, wanted: WantedRows) -> dict[str, Any]:
    """Planner events of all users; `search` is part of a title."""
    return await queries.EVENTS.read(read, wanted)


@router.get("/events/{event_id:id}")
async def get_event(read: ReadSession, event_id: int) -> Row:
    """One planner event."""
    row = await queries.EVENTS.one(read, event_id)
    if row is None:
        raise NotFound(events.NO_EVENT)
    return row


@router.post("/events/{event_id:id}/delete", status_code=204)
async def delete_event(read: ReadSession, event_id: int, session: WriteSession) -> None:
    """Remove an event with all its occurrences (planner §2.1)."""
    await events.delete(session, (await get_event(read, event_id))["user_id"], event_id)


@router.get("/feeds")
async def list_feeds(read: ReadSession, wanted: WantedRows) -> dict[str, Any]:
    """Calendar feeds of all users; `search` is part of a title."""
    return await queries.FEEDS.read(read, wanted)


@router.get("/feeds/{feed_id:id}")
async def get_feed(read: ReadSession, feed_id: int) -> Row:
    """One calendar feed."""
    row = await queries.FEEDS.one(read, feed_id)
    if row is None:
        raise NotFound(feeds.NO_FEED)
    return row


@router.post("/feeds/{feed_id:id}/refresh", status_code=204)
async def refresh_feed(read: ReadSession, feed_id: int, sources: Sources) -> None:
    """Read a feed now; how it went stands in the feed."""
    if (source_id := (await get_feed(read, feed_id))["source_id"]) is not None:
        await sources.refresh(source_id)


@router.post("/feeds/{feed_id:id}/disable", status_code=204)
async def disable_feed(read: ReadSession, feed_id: int, session: WriteSession) -> None:
    """Show and read it no more (planner §3.2)."""
    row = await get_feed(read, feed_id)
    await feeds.change(session, row["user_id"], feed_id, {"is_enabled": False}, None, (False, None))


@router.post("/feeds/{feed_id:id}/enable", status_code=204)
async def enable_feed(read: ReadSession, feed_id: int, sources: Sources, session: WriteSession) -> None:
    """Show and read it again (planner §3.2)."""
    row = await get_feed(read, feed_id)
    if row["source_id"] is not None:
        await sources.catch_up(row["source_id"])
    await feeds.change(session, row["user_id"], feed_id, {"is_enabled": True}, None, (False, None))


@router.post("/feeds/{feed_id:id}/delete", status_code=204)
async def delete_feed(read: ReadSession, feed_id: int, session: WriteSession) -> None:
    """Remove a feed and what was read for it alone (planner §3.1)."""
    await feeds.delete(session, (await get_feed(read, feed_id))["user_id"], feed_id)
