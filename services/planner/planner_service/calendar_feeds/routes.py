"""Calendar feeds over HTTP (planner §3)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import Reads, SessionReader
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.route import api_router
from planner_service.calendar_feeds import queries, service
from planner_service.calendar_feeds.floating import ZONE
from planner_service.calendar_feeds.payload import created_feed, feed_payload, preview
from planner_service.calendar_feeds.queries import FeedRow
from planner_service.calendar_feeds.schemas import (
    ChangeFeed,
    CreatedFeed,
    CreateFeed,
    FeedPayload,
    FeedPreview,
    PreviewFeed,
)
from planner_service.dependencies import Notes, Settings, SourceAddresses, Sources
from planner_service.references.service import find_course

router = api_router("/api/v1/calendar-feeds", tags=["calendar feeds"])


async def _one(read: Reads, user_id: int, feed_id: int) -> FeedRow:
    row = await read.one(queries.ONE, user_id=user_id, feed_id=feed_id)
    if row is None:
        raise NotFound(service.NO_FEED)
    return row


async def require_own_feed(caller: LoggedIn, feed_id: int, read: ReadSession) -> FeedRow:
    """An own feed; 404 comes before the body is looked at."""
    return await _one(read, caller.user_id, feed_id)


async def _shown(read: Reads, user_id: int, feed: FeedRow) -> list[queries.Entry]:
    if feed.source_id is None:
        return []
    return await read.all(queries.FIRST_ENTRIES, user_id=user_id, source_id=feed.source_id)


OwnFeed = Annotated[FeedRow, Depends(require_own_feed)]


@router.get("/")
async def list_feeds(caller: LoggedIn, read: ReadSession) -> list[FeedPayload]:
    """Own feeds by title and id, enabled and disabled (planner §3.1)."""
    return [feed_payload(row) for row in await read.all(queries.LIST, user_id=caller.user_id)]


@router.post("/", status_code=201)
async def create_feed(
    caller: LoggedIn,
    body: CreateFeed,
    settings: Settings,
    read: ReadSession,
    notes: Notes,
    sources: Sources,
    addresses: SourceAddresses,
    db: WriteSession,
) -> CreatedFeed:
    """Make a feed and read it once (planner §3.2, §12.4): 201 also when nothing can be read, `import_summary` says why.

    404 for an unknown course; 503 when notes must be asked and is away.
    """
    course = await find_course(read, notes, body.course_id)
    address = addresses.split(body.source_url)
    content = service.content(body.raw_ical, address)
    # Before the transaction, which must not wait for somebody else's server.
    if content is not None:
        await sources.obtain(content, caller.user_id)
    feed = await service.create(db, caller.user_id, body, address, content, course, settings.calendar_feeds_max)
    inside = SessionReader(db)
    row = await _one(inside, caller.user_id, feed.id)
    return created_feed(row, await _shown(inside, caller.user_id, row))


@router.post("/preview/")
async def preview_feed(caller: LoggedIn, body: PreviewFeed, read: ReadSession, sources: Sources) -> FeedPreview:
    """What a feed of an address would show, without making one: its name, its first entries, or why there are none.

    503 when too many calendars wait to be read.
    """
    zone = await read.value(ZONE, user_id=caller.user_id)
    return preview(await sources.preview(body.source_url, caller.user_id), zone)


@router.get("/{feed_id:id}/")
async def get_feed(feed: OwnFeed) -> FeedPayload:
    """One own feed (planner §3.1); 404 when unknown or somebody else's."""
    return feed_payload(feed)


@router.patch("/{feed_id:id}/")
async def change_feed(
    caller: LoggedIn,
    stored: OwnFeed,
    body: ChangeFeed,
    read: ReadSession,
    notes: Notes,
    sources: Sources,
    addresses: SourceAddresses,
    db: WriteSession,
) -> FeedPayload:
    """Change the keys that were sent (planner §3.2); what is then read is read at once. 404 for an unknown feed, before
    the body is looked at, and for an unknown course."""
    course = await find_course(read, notes, body.course_id)
    source = service.changed_content(stored, body, addresses)
    is_enabled = stored.is_enabled if body.is_enabled is None else body.is_enabled
    if is_enabled and source.content is not None and source.is_changed:
        await sources.obtain(source.content, caller.user_id)
    elif is_enabled and body.is_enabled is not None and stored.source_id is not None:
        await sources.catch_up(stored.source_id, caller.user_id)
    await service.change(db, caller.user_id, stored.id, body, course, caller.precondition, source)
    return feed_payload(await _one(SessionReader(db), caller.user_id, stored.id))


@router.post("/{feed_id:id}/refresh/")
async def refresh_feed(caller: LoggedIn, feed: OwnFeed, read: ReadSession, sources: Sources) -> FeedPayload:
    """Read a feed now, whatever its next date; the answer says how it went. 404 when unknown or somebody else's."""
    if feed.source_id is not None:
        await sources.refresh(feed.source_id, caller.user_id)
    return feed_payload(await _one(read, caller.user_id, feed.id))


@router.delete("/{feed_id:id}/", status_code=204)
async def delete_feed(caller: LoggedIn, feed_id: int, db: WriteSession) -> None:
    """Remove an own feed (planner §3.1); 404 when unknown or somebody else's."""
    await service.delete(db, caller.user_id, feed_id, caller.precondition)
