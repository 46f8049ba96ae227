"""Planner events over HTTP (planner §2)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import Reads
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.route import api_router
from planner_service.dependencies import Notes
from planner_service.planner_events import queries, service
from planner_service.planner_events.queries import EventRow
from planner_service.planner_events.schemas import (
    ChangeEvent,
    CreateEvent,
    EventLimit,
    EventPayload,
    FirstDay,
    IncludeCompleted,
    LastDay,
)
from planner_service.references.service import find_course

router = api_router("/api/v1/planner-events", tags=["planner events"])


async def require_own_event(caller: LoggedIn, event_id: int, read: ReadSession) -> int:
    """The id of an own event; 404 comes before the body is looked at."""
    await _one(read, caller.user_id, event_id)
    return event_id


OwnEvent = Annotated[int, Depends(require_own_event)]


async def _one(read: Reads, user_id: int, event_id: int) -> EventRow:
    row = await read.one(queries.ONE, user_id=user_id, event_id=event_id)
    if row is None:
        raise NotFound(service.NO_EVENT)
    return row


@router.get("/")
async def list_events(
    caller: LoggedIn,
    read: ReadSession,
    *,
    include_completed: IncludeCompleted = None,
    limit: EventLimit = None,
    since: FirstDay = None,
    until: LastDay = None,
) -> list[EventPayload]:
    """Own events by date, title and id (planner §2.1); open ones, with `include_completed=1|true` the others too.

    `limit` is cut to 1..200; without one, or with one that is no number, all are listed. `since` and `until` narrow
    it by the date; a series counts as long as it goes on.
    """
    query = queries.ALL if include_completed else queries.OPEN
    rows = await read.all(query, user_id=caller.user_id, limit=limit, since=since, until=until)
    return [EventPayload.of(row) for row in rows]


@router.post("/", status_code=201)
async def create_event(
    caller: LoggedIn, body: CreateEvent, read: ReadSession, notes: Notes, db: WriteSession
) -> EventPayload:
    """Make an event (planner §2.2, §2.4). 404 for an unknown course; 503 when notes must be asked and is away."""
    course = await find_course(read, notes, body.course_id)
    return EventPayload.of(EventRow.of(await service.create(db, caller.user_id, body, course)))


@router.get("/{event_id:id}/")
async def get_event(caller: LoggedIn, event_id: int, read: ReadSession) -> EventPayload:
    """One own event (planner §2.1); 404 when unknown or somebody else's."""
    return EventPayload.of(await _one(read, caller.user_id, event_id))


@router.patch("/{event_id:id}/")
async def change_event(
    caller: LoggedIn, event_id: OwnEvent, body: ChangeEvent, read: ReadSession, notes: Notes, db: WriteSession
) -> EventPayload:
    """Change the keys that were sent (planner §2.2, §2.4, §2.5); 404 for an unknown event, before
    the body is looked at, and for an unknown course."""
    course = await find_course(read, notes, body.course_id)
    return EventPayload.of(
        EventRow.of(await service.change(db, caller.user_id, event_id, body, course, caller.precondition))
    )


@router.delete("/{event_id:id}/", status_code=204)
async def delete_event(caller: LoggedIn, event_id: int, db: WriteSession) -> None:
    """Remove an own event (planner §2.1); 404 when unknown or somebody else's."""
    await service.delete(db, caller.user_id, event_id, caller.precondition)
