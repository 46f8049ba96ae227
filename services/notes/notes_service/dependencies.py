"""The parts of the running service that endpoints take as parameters."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from notechondria_shared.auth.state import state_of
from notechondria_shared.db import Database
from notechondria_shared.storage.deletions import FileDeletions
from notechondria_shared.storage.media import MediaStore
from notechondria_shared.web.turns import Turns
from notes_service.search.pool import SearchPool
from notes_service.state import NotesState


async def _state(request: Request) -> NotesState:
    return state_of(request.app, NotesState)


State = Annotated[NotesState, Depends(_state)]


async def _database(state: State) -> Database:
    return state.database


async def _media(state: State) -> MediaStore:
    return state.media


async def _search(state: State) -> SearchPool:
    return state.search


async def _turns(state: State) -> Turns:
    return state.turns


async def _deletions(state: State) -> FileDeletions:
    return state.file_deletions


Transactions = Annotated[Database, Depends(_database)]
"""For endpoints that do something between or after transactions; others take `WriteSession`."""
Media = Annotated[MediaStore, Depends(_media)]
Search = Annotated[SearchPool, Depends(_search)]
CostlyTurns = Annotated[Turns, Depends(_turns)]
"""For what costs more the more a person has: lists without a limit, searches."""
Deletions = Annotated[FileDeletions, Depends(_deletions)]
