"""Which files of an import a note has already: by their names and what is in them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence

from notechondria_shared.storage.media import CHUNK, MediaStore
from notes_service.exchange.archive import Source
from notes_service.exchange.import_queries import AttachedFile
from notes_service.media.names import shown_name


async def kept(
    source: Source, media: MediaStore, named: Mapping[str, str], attached: Sequence[AttachedFile]
) -> dict[str, str]:
    """Paths below /media/ by those in the import; `named` are the names of the import's files.

    Only files of one name and size are read and compared, so that an import costs no more than what is stored here.
    """
    paths: dict[str, str] = {}
    for path, name in named.items():
        same_size = [
            one for one in attached if (one.original_filename, one.file_size) == (shown_name(name), source.size(path))
        ]
        if not same_size:
            continue
        digest = await asyncio.to_thread(_digest, source, path)
        for one in same_size:
            if digest and await _stored_digest(media, one.file) == digest:
                paths[path] = one.file
                break
    return paths


def _digest(source: Source, path: str) -> bytes:
    """Of a file of the import; b"" when it cannot be read."""
    try:
        with source.open(path) as opened:
            digest = hashlib.sha256()
            while chunk := opened.read(CHUNK):
                digest.update(chunk)
            return digest.digest()
    except Exception:  # whatever is wrong with it is named when it is taken over
        return b""


async def _stored_digest(media: MediaStore, path: str) -> bytes:
    """Of a file in the store; b"" when it is gone."""
    stored = await media.get(path)
    if stored is None:
        return b""
    digest = hashlib.sha256()
    async for chunk in stored.chunks():
        digest.update(chunk)
    return digest.digest()
