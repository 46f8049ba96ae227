"""Taking in a file (notes §8): from the request to disk, from there to the store in pieces, and to its place at last.

The name of the place is claimed in the transaction that makes the row: two uploads of one name never meet.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from typing import Protocol
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from notechondria_shared.storage.media import CHUNK, MediaStore

STAGING = "staging"
"""Folder of files that have no place yet; never delivered."""


class Described(Protocol):
    """What is told of a file beside its content: by an upload, or by an import."""

    @property
    def filename(self) -> str | None:
        """What its user calls it."""

    @property
    def size(self) -> int | None:
        """Its bytes."""

    @property
    def content_type(self) -> str | None:
        """Its media type."""


async def pieces(upload: UploadFile) -> AsyncIterator[bytes]:
    """The content of an upload, 256 KiB at a time."""
    await upload.seek(0)
    while chunk := await upload.read(CHUNK):
        yield chunk


@asynccontextmanager
async def staged(media: MediaStore, content: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """A file in the store, under a path of its own; removed when the block ends and nothing claimed it."""
    path = f"{STAGING}/{uuid4().hex}"
    await media.put(path, content)
    try:
        yield path
    finally:
        await media.delete(path)


async def claim(db: AsyncSession, media: MediaStore, staged_path: str, folder: str, name: str) -> str:
    """Move a staged file into a folder under its name, or a changed one when that is taken; the path.

    The claim on the name holds until the commit. After a rollback the file is an orphan and swept.
    """
    path = f"{folder}/{name}"
    while True:
        await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"file:{path}", 0))))
        if not await media.exists(path):
            await media.rename(staged_path, path)
            return path
        parts = PurePosixPath(name)
        path = f"{folder}/{parts.stem}_{secrets.token_hex(4)}{parts.suffix}"
