"""What endpoints take from the running service."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from identity_service.state import IdentityState, identity_state
from notechondria_shared.storage.media import MediaStore


async def _state(request: Request) -> IdentityState:
    return identity_state(request.app)


async def _media(request: Request) -> MediaStore:
    return identity_state(request.app).media


State = Annotated[IdentityState, Depends(_state)]
Media = Annotated[MediaStore, Depends(_media)]
