"""Delivery of stored files: ETag and 304, never sniffed (notes §3.9)."""

from __future__ import annotations

import mimetypes

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from notechondria_shared.storage.media import StoredFile

CACHE_CONTROL = "public, max-age=86400"


def deliver(request: Request, stored: StoredFile, path: str) -> Response:
    """A stored file as a response; 304 when the client has it already."""
    content_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
    headers = {
        "ETag": f'"{stored.etag}"',
        "Cache-Control": CACHE_CONTROL,
        "X-Content-Type-Options": "nosniff",
    }
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if f'"{stored.etag}"' in known:
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(stored.size)
    return StreamingResponse(stored.chunks(), media_type=content_type, headers=headers)
