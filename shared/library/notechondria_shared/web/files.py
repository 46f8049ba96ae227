"""Delivery of stored files: ETag and 304, ranges, never sniffed, never run (notes §3.9; RFC 9110 §13, §14)."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from notechondria_shared.storage.media import MediaStore, StoredFile
from notechondria_shared.web.media_types import media_type_of
from notechondria_shared.web.revalidation import has_tag

CACHE_CONTROL = "public, max-age=86400"
SANDBOX = "default-src 'none'; sandbox"
# Types that a browser shows without running anything of them. Everything else is saved, not shown.
_SHOWN = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/bmp",
        "image/avif",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "audio/x-wav",
        "audio/mp4",
        "audio/flac",
        "video/mp4",
        "video/webm",
        "video/ogg",
        "text/plain",
        "application/pdf",
    }
)
_RANGE = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII)


def deliver(request: Request, stored: StoredFile, path: str) -> Response:
    """A stored file as a response; 304 when the client has it already."""
    headers = _headers(stored, path)
    if has_tag(request, f'"{stored.etag}"'):
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(stored.size)
    return StreamingResponse(stored.chunks(), media_type=media_type_of(path), headers=headers)


async def deliver_range(request: Request, media: MediaStore, path: str) -> Response | None:
    """A file of the store, or the one range of it that was asked for (206); None when there is none.

    416 for a range behind the end. Several ranges at once, and ranges of a file that changed since (`If-Range`), get
    the whole file.
    """
    stored = await media.get(path)
    if stored is None:
        return None
    byte_range = request.headers.get("range", "")
    condition = request.headers.get("if-range", "")
    match = _RANGE.fullmatch(byte_range.strip()) if byte_range else None
    applies = match is not None and (match[1] or match[2]) and condition in {"", f'"{stored.etag}"'}
    if not match or not applies or has_tag(request, f'"{stored.etag}"'):
        answer = deliver(request, stored, path)
        answer.headers["Accept-Ranges"] = "bytes"
        return answer
    headers = {**_headers(stored, path), "Accept-Ranges": "bytes"}
    first, end = _bounds(match, stored.size)
    if first >= end:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{stored.size}"})
    part = await media.get(path, (first, end))
    if part is None:
        return None
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{stored.size}"
    headers["Content-Length"] = str(end - first)
    return StreamingResponse(part.chunks(), status_code=206, media_type=media_type_of(path), headers=headers)


def _bounds(match: re.Match[str], size: int) -> tuple[int, int]:
    """First byte, and the one behind the last; equal or crossed when nothing of the file is meant."""
    if not match[1]:
        return max(0, size - int(match[2])), size
    return int(match[1]), min(int(match[2]) + 1 if match[2] else size, size)


def _headers(stored: StoredFile, path: str) -> dict[str, str]:
    headers = {
        "ETag": f'"{stored.etag}"',
        "Cache-Control": CACHE_CONTROL,
        "X-Content-Type-Options": "nosniff",
        # The gateway leaves an encoded answer as it is: a compressed range could not be put together.
        "Content-Encoding": "identity",
    }
    if media_type_of(path) not in _SHOWN:
        name = quote(PurePosixPath(path).name, safe="")
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        headers["Content-Security-Policy"] = SANDBOX
    return headers
