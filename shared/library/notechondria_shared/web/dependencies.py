"""The dependencies that endpoints of all services share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.auth.state import state_of
from notechondria_shared.db.reader import Reader
from notechondria_shared.web.state import ServiceState


async def _write_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with state_of(request.app, ServiceState).database.transaction() as db:
        yield db


async def _reader(request: Request) -> Reader:
    return state_of(request.app, ServiceState).database.reader


# scope="function" is what makes "answered" mean "committed": without it FastAPI leaves the dependency after the
# response was sent.
WriteSession = Annotated[AsyncSession, Depends(_write_session, scope="function")]
"""The session of a writing request: one transaction, committed before the answer leaves."""
ReadSession = Annotated[Reader, Depends(_reader)]
"""The Reader of the service."""
