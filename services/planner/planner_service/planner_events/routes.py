"""Planner events over HTTP (planner §2)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import Reads
from notechondria_shared.db.tables import Row
from notechondria_shared.web import read_body
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from planner_service.parameters import clamped, is_on
from planner_service.planner_events import queries, service
from planner_service.planner_events.payload import event_payload, row_of
from planner_service.planner_events.schemas import ChangeEvent, CreateEvent, EventPayload
from planner_service.references.notes import Notes
from planner_service.references.service import find_course

router = APIRouter(prefix="/api/v1/planner-events", tags=["planner events"])

MOST_LISTED = 200


async def require_own_event(caller: LoggedIn, event_id: int, read: ReadSession) -> int:
    """The id of an own event; 404 comes before the body is looked at."""
    await _one(read, caller.user_id, event_id)
    return event_id


OwnEvent = Annotated[int, Depends(require_own_event)]


async def _one(read: Reads, user_id: int, event_id: int) -> Row:
    row = await read.one(queries.ONE, user_id=user_id, event_id=event_id)
    if row is None:
        raise NotFound(service.NO_EVENT)
    return row


@router.get("/", response_model=list[EventPayload])
async def list_events(
    caller: LoggedIn, read: ReadSession, include_completed: str = "", limit: str = ""
) -> list[dict[str, Any]]:
    """Own events by date, title and id (planner §2.1); open ones, with `include_completed=1|true` the others too.

    `limit` is cut to 1..200; without one, or with one that is no number, all are listed.
    """
    query = queries.ALL if is_on(include_completed) else queries.OPEN
    rows = await read.all(query, user_id=caller.user_id, limit=clamped(limit, 1, MOST_LISTED))
    return [event_payload(row) for row in rows]


@router.post("/", status_code=201, response_model=EventPayload)
async def create_event(
    caller: LoggedIn,
    wanted: Annotated[CreateEvent, read_body(CreateEvent)],
    read: ReadSession,
    notes: Notes,
    db: WriteSession,
) -> dict[str, Any]:
    """Make an event (planner §2.2, §2.4). 404 for an unknown course; 503 when notes must be asked and is away."""
    course = await find_course(read, notes, wanted.course_id)
    event = await service.create(db, caller.user_id, wanted, course)
    return event_payload(row_of(event))


@router.get("/{event_id:id}/", response_model=EventPayload)
async def get_event(caller: LoggedIn, event_id: int, read: ReadSession) -> dict[str, Any]:
    """One own event (planner §2.1); 404 when unknown or somebody else's."""
    return event_payload(await _one(read, caller.user_id, event_id))


@router.patch("/{event_id:id}/", response_model=EventPayload)
async def change_event(
    caller: LoggedIn,
    event_id: OwnEvent,
    changed: Annotated[ChangeEvent, read_body(ChangeEvent)],
    read: ReadSession,
    notes: Notes,
    db: WriteSession,
) -> dict[str, Any]:
    """Change the keys that were sent (planner §2.2, §2.4, §2.5); 404 for an unknown event, before
    the body is looked at, and for an unknown course."""
    course = await find_course(read, notes, changed.course_id)
    event = await service.change(db, caller.user_id, event_id, changed.changes(), course)
    return event_payload(row_of(event))


@router.delete("/{event_id:id}/", status_code=204)
async def delete_event(caller: LoggedIn, event_id: int, db: WriteSession) -> None:
    """Remove an own event (planner §2.1); 404 when unknown or somebody else's."""
    await service.delete(db, caller.user_id, event_id)
