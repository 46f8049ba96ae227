"""What planner's endpoints ask for beside what endpoints of all services share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from notechondria_contracts.clients.notes import NotesClient
from notechondria_shared.auth.state import state_of
from planner_service.calendar_sources.addresses import Addresses
from planner_service.calendar_sources.refresher import Refresher
from planner_service.references.notes import NotesDirectory
from planner_service.settings import PlannerSettings
from planner_service.state import PlannerState


async def _state(request: Request) -> PlannerState:
    return state_of(request.app, PlannerState)


State = Annotated[PlannerState, Depends(_state)]


async def _settings(state: State) -> PlannerSettings:
    return state.settings


async def _sources(state: State) -> Refresher:
    return state.refresher


async def _notes(state: State) -> NotesDirectory:
    return NotesDirectory(NotesClient(state.internal_http, state.settings.notes_url))


async def _addresses(state: State) -> Addresses:
    return state.addresses


Settings = Annotated[PlannerSettings, Depends(_settings)]
Sources = Annotated[Refresher, Depends(_sources)]
"""Reads calendar sources."""
SourceAddresses = Annotated[Addresses, Depends(_addresses)]
"""Keeps credentials apart from the addresses of calendars."""
Notes = Annotated[NotesDirectory, Depends(_notes)]
"""Asks notes about courses and notes whose events have not arrived."""
