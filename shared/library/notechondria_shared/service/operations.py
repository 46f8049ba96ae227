"""Whether a service with a schema is ready, and the operators' commands for its events (`/internal/events/*`)."""

from __future__ import annotations

import asyncio

from fastapi import Depends, Request

from notechondria_contracts.internal.dead_letters import DeadLetter, DeadLetters, Discarded, MarkedUnsent, Replayed
from notechondria_shared.auth.state import state_of
from notechondria_shared.core.errors import RouteNotFound, Unavailable
from notechondria_shared.db.migrations import head
from notechondria_shared.messaging import dead_letters, replay
from notechondria_shared.web.internal import HEALTH, CalledBy, Readiness, not_through_a_gateway
from notechondria_shared.web.page_query import Page
from notechondria_shared.web.router import Router
from notechondria_shared.web.state import ServiceState

readiness = Router(prefix=HEALTH, include_in_schema=False, dependencies=[Depends(not_through_a_gateway)])
operators = Router(prefix="/internal/events", include_in_schema=False, dependencies=[Depends(CalledBy("operator"))])


@readiness.get("/ready")
async def ready(request: Request) -> Readiness:
    """Database reachable and migrations current; the bus being away does not make a service unready."""
    state = state_of(request.app, ServiceState)
    current = await state.revision()
    expected = await asyncio.to_thread(head, state.migrations)
    if current != expected:
        raise Unavailable(f"Not ready: Backend.Start/migrations — schema is at {current}, files at {expected}.")
    return Readiness(
        service=state.settings.service,
        revision=current,
        bus=state.bus.connected,
        capabilities=dict(state.capabilities),
    )


@operators.post("/replay")
async def replay_events(request: Request) -> MarkedUnsent:
    """Mark every kept event unsent; the relay sends them again."""
    state = state_of(request.app, ServiceState)
    return MarkedUnsent(marked=await replay.replay_all(state.database, state.tables))


@operators.get("/dead-letters")
async def list_dead_letters(request: Request, query: Page) -> DeadLetters:
    """Dead letters of this service, newest first."""
    state = state_of(request.app, ServiceState)
    return await dead_letters.listing(state.database, state.tables, query)


@operators.get("/dead-letters/{letter_id:id}")
async def dead_letter(request: Request, letter_id: int) -> DeadLetter:
    """One dead letter; 404 when unknown."""
    state = state_of(request.app, ServiceState)
    letter = await dead_letters.one(state.database, state.tables, letter_id)
    if letter is None:
        raise RouteNotFound(request.url.path)
    return letter


@operators.post("/dead-letters/{letter_id:id}/discard")
async def discard_dead_letter(request: Request, letter_id: int) -> Discarded:
    """Forget a dead letter; 404 when unknown."""
    state = state_of(request.app, ServiceState)
    if not await dead_letters.discard(state.database, state.tables, letter_id):
        raise RouteNotFound(request.url.path)
    return Discarded()


@operators.post("/dead-letters/{letter_id:id}/replay")
async def replay_dead_letter(request: Request, letter_id: int) -> Replayed:
    """Try a dead letter once more; 404 when unknown."""
    state = state_of(request.app, ServiceState)
    outcome = await dead_letters.replay(state.database, state.tables, state.handlers, letter_id)
    if outcome is None:
        raise RouteNotFound(request.url.path)
    return Replayed(replayed=not outcome, error=outcome)
