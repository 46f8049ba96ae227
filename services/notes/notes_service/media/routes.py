"""Delivery of stored files under /media/ (notes §3.9)."""

from __future__ import annotations

import re
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from notechondria_shared.auth.caller import allow_caller
from notechondria_shared.core.errors import InsufficientScope, NotFound, Unauthorized
from notechondria_shared.db import Reads
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.files import deliver_range
from notechondria_shared.web.openapi import DETAIL
from notechondria_shared.web.router import Router
from notes_service.dependencies import Media
from notes_service.media import queries

router = Router(prefix="/media", tags=["media"])
COVERS = "user_upload/note_covers"
_FILES = re.compile(r"user_upload/user_\d+/notes/note_([0-9a-f]{32})/")
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
async def deliver_media(request: Request, media: Media, read: ReadSession, path: str) -> Response:
    """A stored file, with ETag and ranges. What a browser could run is sent as an attachment, in a sandbox.

    Files of a note in the recycle bin are there for its author alone (decision 48).
    """
    parts = path.split("/")
    known = _SERVED.fullmatch(path) and not any(part in {"", ".", ".."} for part in parts)
    if known and await _may_see(request, read, path):
        answer = await deliver_range(request, media, path)
        if answer is not None:
            return answer
    raise NotFound("File not found: Notes.Media/deliver — there is no such file.")


async def _may_see(request: Request, read: Reads, path: str) -> bool:
    if path.startswith(f"{COVERS}/"):
        owner = await read.value(queries.OWNER_OF_COVER, path=path)
    elif own_file := _FILES.match(path):
        owner = await read.value(queries.OWNER_OF_FILES, uuid=UUID(own_file[1]))
    else:
        return True
    if owner is None:
        return True
    try:
        caller = await allow_caller(request)
    except (Unauthorized, InsufficientScope):
        return False
    return caller is not None and caller.user_id == owner
