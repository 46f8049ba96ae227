"""Delivery of profile pictures under /media/ (identity §6)."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from starlette.responses import Response

from identity_service.dependencies import Media
from notechondria_shared.core.errors import NotFound
from notechondria_shared.web.files import deliver

router = APIRouter(tags=["media"])
_PICTURE = re.compile(r"user_upload/user_\d+/profile_pic/[^/]+")


@router.get("/media/{path:path}", response_class=Response)
async def get_picture(request: Request, media: Media, path: str) -> Response:
    """A profile picture; public. 404 when missing."""
    stored = await media.get(path) if _PICTURE.fullmatch(path) else None
    if stored is None:
        raise NotFound
    return deliver(request, stored, path)
