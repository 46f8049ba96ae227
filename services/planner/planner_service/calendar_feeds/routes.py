"""Calendar feeds over HTTP (planner §3)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import Reads, SessionReader
from notechondria_shared.db.tables import Row
from notechondria_shared.web import read_body
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from planner_service.calendar_feeds import queries, service
from planner_service.calendar_feeds.payload import feed_payload, summary
from planner_service.calendar_feeds.schemas import ChangeFeed, CreatedFeed, CreateFeed, FeedPayload
from planner_service.calendar_sources.queries import SHOWN
from planner_service.calendar_sources.refresher import Refresher
from planner_service.references.notes import Notes
from planner_service.references.service import find_course

router = APIRouter(prefix="/api/v1/calendar-feeds", tags=["calendar feeds"])


async def _refresher(request: Request) -> Refresher:
    refresher: Refresher = request.app.state.refresher
    return refresher


Sources = Annotated[Refresher, Depends(_refresher)]


async def _one(read: Reads, user_id: int, feed_id: int) -> Row:
    row = await read.one(queries.ONE, user_id=user_id, feed_id=feed_id)
    if row is None:
        raise NotFound(service.NO_FEED)
    return row


async def require_own_feed(caller: LoggedIn, feed_id: int, read: ReadSession) -> Row:
    """The row of an own feed; 404 comes before the body is looked at."""
    return await _one(read, caller.user_id, feed_id)


OwnFeed = Annotated[Row, Depends(require_own_feed)]


@router.get("/", response_model=list[FeedPayload])
async def list_feeds(caller: LoggedIn, read: ReadSession) -> list[dict[str, Any]]:
    """Own feeds by title and id, enabled and disabled (planner §3.1)."""
    return [feed_payload(row) for row in await read.all(queries.LIST, user_id=caller.user_id)]


@router.post("/", status_code=201, response_model=CreatedFeed)
async def create_feed(
    caller: LoggedIn,
    wanted: Annotated[CreateFeed, read_body(CreateFeed)],
    read: ReadSession,
    notes: Notes,
    sources: Sources,
    db: WriteSession,
) -> dict[str, Any]:
    """Make a feed and read it once (planner §3.2, §12.4): 201 also when nothing can be read, `import_summary` says why.

    404 for an unknown course; 503 when notes must be asked and is away.
    """
    course = await find_course(read, notes, wanted.course_id)
    content = service.content(wanted.raw_ical, wanted.source_url)
    # Before the transaction, which must not wait for somebody else's server.
    if content is not None:
        await sources.obtain(content)
    feed = await service.create(db, caller.user_id, wanted, content, course)
    inside = SessionReader(db)
    row = await _one(inside, caller.user_id, feed.id)
    shown = await inside.all(SHOWN, source_id=row["source_id"]) if row["source_id"] else []
    return {**feed_payload(row), "import_summary": summary(row, shown)}


@router.get("/{feed_id:id}/", response_model=FeedPayload)
async def get_feed(caller: LoggedIn, feed_id: int, read: ReadSession) -> dict[str, Any]:
    """One own feed (planner §3.1); 404 when unknown or somebody else's."""
    return feed_payload(await _one(read, caller.user_id, feed_id))


@router.patch("/{feed_id:id}/", response_model=FeedPayload)
async def change_feed(
    caller: LoggedIn,
    feed_id: int,
    stored: OwnFeed,
    changed: Annotated[ChangeFeed, read_body(ChangeFeed)],
    read: ReadSession,
    notes: Notes,
    sources: Sources,
    db: WriteSession,
) -> dict[str, Any]:
    """Change the keys that were sent (planner §3.2); what is then read is read at once. 404 for an unknown feed,
    before the body is looked at, and for an unknown course."""
    course = await find_course(read, notes, changed.course_id)
    changes = changed.changes()
    read_from = service.changed_content(stored, changes)
    is_enabled = changes.get("is_enabled", stored["is_enabled"])
    _, content = read_from
    if is_enabled and content is not None and read_from[0]:
        await sources.obtain(content)
    elif is_enabled and "is_enabled" in changes and stored["source_id"] is not None:
        await sources.catch_up(stored["source_id"])
    await service.change(db, caller.user_id, feed_id, changes, course, read_from)
    return feed_payload(await _one(SessionReader(db), caller.user_id, feed_id))


@router.post("/{feed_id:id}/refresh/", response_model=FeedPayload)
async def refresh_feed(caller: LoggedIn, feed_id: int, read: ReadSession, sources: Sources) -> dict[str, Any]:
    """Read a feed now, whatever its next date; the answer tells how it went. 404 when unknown or somebody else's."""
    row = await _one(read, caller.user_id, feed_id)
    if row["source_id"] is not None:
        await sources.refresh(row["source_id"])
    return feed_payload(await _one(read, caller.user_id, feed_id))


@router.delete("/{feed_id:id}/", status_code=204)
async def delete_feed(caller: LoggedIn, feed_id: int, db: WriteSession) -> None:
    """Remove an own feed (planner §3.1); 404 when unknown or somebody else's."""
    await service.delete(db, caller.user_id, feed_id)
