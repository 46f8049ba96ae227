"""Whether a service with a schema is ready, and the operators' commands for its events (`/internal/events/*`)."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends, Request

from notechondria_contracts.internal.dead_letters import DeadLetter, DeadLetters, Discarded, MarkedUnsent, Replayed
from notechondria_shared.core.errors import RouteNotFound, Unavailable
from notechondria_shared.db import Database
from notechondria_shared.db.migrations import head
from notechondria_shared.messaging import dead_letters, replay
from notechondria_shared.messaging.tables import EventTables
from notechondria_shared.web.internal import HEALTH, Readiness, not_through_a_gateway, require_internal
from notechondria_shared.web.page_query import Page

readiness = APIRouter(prefix=HEALTH, include_in_schema=False, dependencies=[Depends(not_through_a_gateway)])
operators = APIRouter(prefix="/internal/events", include_in_schema=False, dependencies=[Depends(require_internal)])


@readiness.get("/ready")
async def ready(request: Request) -> Readiness:
    """Database reachable and migrations current; the bus being away does not make a service unready."""
    state = request.app.state
    database: Database = state.database
    current = await database.reader.value(state.revision_query)
    expected = await asyncio.to_thread(head, state.migrations_folder)
    if current != expected:
        raise Unavailable(f"Not ready: Backend.Start/migrations — schema is at {current}, files at {expected}.")
    return Readiness(
        service=state.settings.service,
        revision=current,
        bus=state.bus.connected,
        capabilities=state.spec.capabilities,
    )


@operators.post("/replay")
async def replay_events(request: Request) -> MarkedUnsent:
    """Mark every kept event unsent; the relay sends them again."""
    return MarkedUnsent(marked=await replay.replay_all(request.app.state.database, _tables(request)))


@operators.get("/dead-letters")
async def list_dead_letters(request: Request, wanted: Page) -> DeadLetters:
    """Dead letters of this service, newest first."""
    return await dead_letters.listing(request.app.state.database, _tables(request), wanted)


@operators.get("/dead-letters/{letter_id:id}")
async def dead_letter(request: Request, letter_id: int) -> DeadLetter:
    """One dead letter; 404 when unknown."""
    found = await dead_letters.one(request.app.state.database, _tables(request), letter_id)
    if found is None:
        raise RouteNotFound(request.url.path)
    return found


@operators.post("/dead-letters/{letter_id:id}/discard")
async def discard_dead_letter(request: Request, letter_id: int) -> Discarded:
    """Forget a dead letter; 404 when unknown."""
    if not await dead_letters.discard(request.app.state.database, _tables(request), letter_id):
        raise RouteNotFound(request.url.path)
    return Discarded()


@operators.post("/dead-letters/{letter_id:id}/replay")
async def replay_dead_letter(request: Request, letter_id: int) -> Replayed:
    """Try a dead letter once more; 404 when unknown."""
    state = request.app.state
    outcome = await dead_letters.replay(state.database, _tables(request), state.handlers, letter_id)
    if outcome is None:
        raise RouteNotFound(request.url.path)
    return Replayed(replayed=not outcome, error=outcome)


def _tables(request: Request) -> EventTables:
    tables: EventTables = request.app.state.event_tables
    return tables
