"""Storing a file (notes §8): from the request to disk, from there to the store in pieces, then to its final path.

The path is claimed in a row before the file is moved there: two uploads of one name never collide, and no transaction
waits for the store.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol, cast
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from starlette.datastructures import UploadFile

from notechondria_shared.core.file_names import stem_of, suffix_of
from notechondria_shared.db import Database
from notechondria_shared.storage import decoder
from notechondria_shared.storage.media import CHUNK, MediaStore
from notechondria_shared.storage.picture_metadata import without_metadata
from notes_service.models import FILE_DELETIONS, FileClaim

STAGING = "staging"
"""Folder of files without a final path; never delivered."""


class FileDescription(Protocol):
    """A file's name, size and type, of an upload or of an import."""

    @property
    def filename(self) -> str | None:
        """Its name for its user."""

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


async def cleaned(upload: UploadFile) -> UploadFile:
    """The upload without the metadata of a picture; itself when it has none (decision 48)."""
    plain = await decoder.run(without_metadata, upload.file)
    if plain is None:
        return upload
    await upload.close()
    size = plain.seek(0, 2)
    plain.seek(0)
    return UploadFile(cast("BinaryIO", plain), size=size, filename=upload.filename, headers=upload.headers)


@asynccontextmanager
async def staged(media: MediaStore, content: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """A file in the store, under a path of its own; removed when the block ends and nothing claimed it."""
    path = f"{STAGING}/{uuid4().hex}"
    await media.put(path, content)
    try:
        yield path
    finally:
        await media.delete(path)


@asynccontextmanager
async def placed(database: Database, media: MediaStore, staged_path: str, folder: str, name: str) -> AsyncIterator[str]:
    """Move a staged file into a folder under its name, or a changed one when that is taken; the path.

    The block writes the row that names the path, in a transaction of its own. The claim on the path holds until the
    block ends. After a rollback the file is an orphan and swept, since a lost commit is not known.
    """
    path = await _claim(database, media, folder, name)
    try:
        await media.rename(staged_path, path)
        yield path
    finally:
        await _release(database, path)


async def _claim(database: Database, media: MediaStore, folder: str, name: str) -> str:
    path = f"{folder}/{name}"
    while True:
        if await _reserve(database, path):
            try:
                is_taken = await media.exists(path)
            except BaseException:
                await _release(database, path)
                raise
            if not is_taken:
                return path
            await _release(database, path)
        parts = PurePosixPath(name)
        path = f"{folder}/{stem_of(parts)}_{secrets.token_hex(4)}{suffix_of(parts)}"


async def _reserve(database: Database, path: str) -> bool:
    """Claim a path; False when another upload has it, or a file of that path is about to be deleted."""
    async with database.transaction() as db:
        claim = await db.scalar(upsert(FileClaim).values(path=path).on_conflict_do_nothing().returning(FileClaim.path))
        queued = select(FILE_DELETIONS.c.id).where(FILE_DELETIONS.c.path == path).limit(1)
        if claim is None or await db.scalar(queued) is not None:
            await db.rollback()
            return False
    return True


async def _release(database: Database, path: str) -> None:
    async with database.transaction() as db:
        await db.execute(delete(FileClaim).where(FileClaim.path == path))
