"""Delivery of stored files under /media/ (notes §3.9)."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from starlette.responses import Response

from notechondria_shared.core.errors import NotFound
from notechondria_shared.web.files import deliver_range
from notechondria_shared.web.openapi import DETAIL
from notes_service.dependencies import Media

router = APIRouter(prefix="/media", tags=["media"])
_SERVED = re.compile(r"(user_upload|course_media)/[^\x00-\x1f\x7f\\]+")


@router.head("/{path:path}", include_in_schema=False)
@router.get(
    "/{path:path}",
    response_class=Response,
    responses={
        200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
        206: {"description": "The range asked for"},
        304: {"description": "Not changed"},
        404: DETAIL,
        416: {"description": "The range is behind the end"},
    },
)
async def deliver_media(request: Request, media: Media, path: str) -> Response:
    """A stored file, with ETag and ranges. What a browser could run is sent as an attachment, in a sandbox."""
    parts = path.split("/")
    if _SERVED.fullmatch(path) and not any(part in {"", ".", ".."} for part in parts):
        answer = await deliver_range(request, media, path)
        if answer is not None:
            return answer
    raise NotFound("File not found: Notes.Media/deliver — there is no such file.")
