"""Delivery of profile pictures under /media/ (identity §6)."""

from __future__ import annotations

import re

from fastapi import Request
from starlette.responses import Response

from identity_service.avatars import service
from identity_service.dependencies import Media, State
from notechondria_contracts.fields.rules import clamped_id
from notechondria_shared.core.errors import NotFound
from notechondria_shared.web.files import deliver
from notechondria_shared.web.router import Router

router = Router(tags=["media"])
_DEFAULT = re.compile(r"user_upload/user_(?P<user_id>\d{1,20})/profile_pic/profile_latest\.png")
_PICTURE = re.compile(r"user_upload/user_\d+/profile_pic/[^/]+")


@router.get("/media/{path:path}", response_class=Response)
async def get_picture(request: Request, state: State, media: Media, path: str) -> Response:
    """A profile picture; public. Every account has one (identity §11.3, apps §8); 404 for any other file."""
    stored = await media.get(path) if _PICTURE.fullmatch(path) else None
    if stored is None and (owner := _DEFAULT.fullmatch(path)):
        # An account that never signed in, such as the owner of the template courses.
        await service.draw_missing(state.database, media, clamped_id(int(owner["user_id"])))
        stored = await media.get(path)
    if stored is None:
        raise NotFound
    return deliver(request, stored, path)
