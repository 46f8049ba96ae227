"""Which files of an import a note has already: by their names and what is in them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence

from notechondria_shared.storage.media import CHUNK, MediaStore
from notes_service.exchange.archive import Source
from notes_service.exchange.import_queries import AttachedFile
from notes_service.media.names import shown_name


class StoredFiles:
    """Compares the files of a source with those in the store; each of the source is read once."""

    def __init__(self, source: Source, media: MediaStore) -> None:
        self._source, self._media = source, media
        self._digests: dict[str, bytes] = {}

    async def kept(self, named: Mapping[str, str], attached: Sequence[AttachedFile]) -> dict[str, str]:
        """Paths below /media/ by those in the import; `named` are the names of the import's files.

        Only files of one name and size are compared.
        """
        paths: dict[str, str] = {}
        for path, name in named.items():
            key = shown_name(name), self._source.size(path)
            for one in attached:
                if (one.original_filename, one.file_size) == key and await self._is_same(path, one):
                    paths[path] = one.file
                    break
        return paths

    async def readable(self, paths: Iterable[str]) -> set[str]:
        """Those that are not damaged."""
        return {path for path in paths if await self._digest(path)}

    async def _is_same(self, path: str, one: AttachedFile) -> bool:
        digest = await self._digest(path)
        return bool(digest) and await _stored_digest(self._media, one.file) == digest

    async def _digest(self, path: str) -> bytes:
        if path not in self._digests:
            self._digests[path] = await asyncio.to_thread(_digest, self._source, path)
        return self._digests[path]


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
