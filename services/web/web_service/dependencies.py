"""What endpoints of the web service ask for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from notechondria_shared.auth.state import state_of
from web_service.state import WebState


def state(request: Request) -> WebState:
    """The parts of the running service."""
    return state_of(request.app, WebState)


async def _state(request: Request) -> WebState:
    return state(request)


State = Annotated[WebState, Depends(_state)]
