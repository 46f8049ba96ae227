"""Multipart bodies with files: spooled to disk past 1 MiB each, bounded in size and count."""

from __future__ import annotations

import errno
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect

from notechondria_shared.core.errors import ApiError, BadRequest, Unavailable
from notechondria_shared.web.body import BODY_LIMIT, TEXT_LIMIT, BodyEnded

logger = logging.getLogger("notechondria.upload")
PART_OVERHEAD = 1024 * 1024
"""Bytes allowed for the frame and the other parts around a file of exactly the limit."""
NO_ROOM = "Upload refused: Backend.Http/upload — this server has no room for it right now; try again in a moment."
_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass
class Form:
    """A parsed multipart body: plain fields, files by part name (the last one of a name), and all files in order."""

    fields: dict[str, Any] = field(default_factory=dict)
    files: dict[str, UploadFile] = field(default_factory=dict)
    uploads: list[UploadFile] = field(default_factory=list)


def is_multipart(request: Request) -> bool:
    """True when the body says it is multipart/form-data."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data"


@asynccontextmanager
async def read_form(
    request: Request, *, too_large: ApiError, limit: int = TEXT_LIMIT, max_files: int = 8
) -> AsyncIterator[Form]:
    """The multipart body of a request; `too_large` is raised when more than `limit` bytes (plus frame) come in.

    The spooled files are removed when the block ends. 503 when the disk that takes them is full.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit + PART_OVERHEAD:
        raise too_large
    received = 0

    async def counted() -> Any:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit + PART_OVERHEAD:
            raise too_large
        return message

    bounded = Request(request.scope, counted)
    try:
        parsed = await bounded.form(max_files=max_files, max_fields=200, max_part_size=BODY_LIMIT)
    except (MultiPartException, HTTPException) as error:
        text = getattr(error, "message", None) or getattr(error, "detail", str(error))
        raise BadRequest(f"Form parse error - {text}") from None
    except ClientDisconnect:
        raise BodyEnded from None
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        logger.warning("an upload was refused, the disk of temporary files is full: %s", error)
        raise Unavailable(NO_ROOM, retry_after=10) from None
    try:
        form = Form()
        for name, value in parsed.multi_items():
            if isinstance(value, UploadFile):
                form.files[name] = value
                form.uploads.append(value)
            else:
                form.fields[name] = value
        yield form
    finally:
        await parsed.close()
