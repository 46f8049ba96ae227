"""The files of an import, from a zip or from a folder that a browser sent: what they declare is not trusted."""

from __future__ import annotations

import asyncio
import io
import re
import stat
import zipfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import PurePosixPath
from typing import IO, BinaryIO

from starlette.datastructures import UploadFile

from notechondria_shared.core.errors import BadRequest
from notechondria_shared.storage.media import CHUNK
from notes_service.exchange.limits import Limits

NO_ZIP = "Import refused: Notes.Import/read — the file is no zip archive, or it is damaged."
ESCAPES = "Import refused: Notes.Import/read — it holds paths that lead out of it, or links: {name!r}."
VAULT_MARKS = frozenset({".obsidian", "_resources"})
"""Folders directly in a vault of Obsidian and in an export of Joplin."""
_SKIPPED = frozenset({"__MACOSX", ".obsidian", ".trash", ".git"})
_ENTRY = b"PK\x01\x02"
"""The first bytes of a file's entry in a zip's directory."""
_SEARCHED = 128 * 1024
"""More than this is read at once of the directory alone: its end is looked for in the last 64 KiB."""
_DRIVE = re.compile(r"[A-Za-z]:")


class BadEntry(Exception):
    """One file cannot be used; the text says why."""


class Source(ABC):
    """The files of an import by their paths; each is read within its limit, all together within those of the import."""

    def __init__(self, paths: Sequence[str], limits: Limits) -> None:
        if len(paths) > limits.files:
            raise limits.too_much()
        self.limits = limits
        for path in paths:
            _refuse_escapes(path)
        self._paths = [path for path in paths if not _SKIPPED & set(PurePosixPath(path).parts)]
        self._known = frozenset(self._paths)
        self._by_name: dict[str, str] = {}
        for path in sorted(self._paths, reverse=True):
            self._by_name[PurePosixPath(path).name] = path
        self.root = self._root(paths)
        """The folder that holds everything, as a path; "" when the files have no common folder."""
        self._read = 0

    def _root(self, paths: Iterable[str]) -> str:
        """The folder that holds a vault's or an export's own folder, the outermost of several."""
        marked: set[str] = set()
        for path in paths:
            parts = path.split("/")[:-1]
            marked.update("/".join(parts[:number]) for number, part in enumerate(parts) if part in VAULT_MARKS)
        return min(marked, key=len, default="")

    def names(self) -> Iterator[str]:
        """Paths of all files, in order."""
        return iter(sorted(self._known))

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def named(self, name: str) -> str | None:
        """The path of a file of that name, in whatever folder; None when there is none."""
        return self._by_name.get(name)

    @abstractmethod
    def _open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """The file, from its beginning. Raises `BadEntry`."""

    def chunks(self, name: str, limit: int) -> Iterator[bytes]:
        """The content of a file in pieces. Raises `BadEntry` when it is damaged or larger than `limit` bytes."""
        size = 0
        try:
            with self._open(name) as opened:
                while chunk := opened.read(CHUNK):
                    size += len(chunk)
                    self._count(len(chunk), size, limit)
                    yield chunk
        except Exception as error:
            raise _refusal(error) from error

    async def pieces(self, name: str, limit: int) -> AsyncIterator[bytes]:
        """`chunks`, each read in a thread."""
        chunks = self.chunks(name, limit)
        while chunk := await asyncio.to_thread(next, chunks, b""):
            yield chunk

    def _count(self, more: int, size: int, limit: int) -> None:
        """The directory's sizes are not trusted: the bytes read are counted."""
        self._read += more
        if self._read > self.limits.unpacked:
            raise self.limits.too_much()
        if size > limit:
            raise BadEntry(f"It is larger than {limit >> 20} MiB.")

    def read(self, name: str, limit: int) -> bytes:
        """The whole content of a small file; raises as `chunks` does."""
        return b"".join(self.chunks(name, limit))


class _Counted(io.RawIOBase):
    """The file of a zip whose directory is not parsed when it holds too much: that alone would fill the memory."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        super().__init__()
        self._file, self._limits = file, limits
        self.opening = True

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        if self.opening and len(data) > _SEARCHED and data.count(_ENTRY) > self._limits.files:
            raise self._limits.too_much()
        return data


class Archive(Source):
    """A zip."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        counted = _Counted(file, limits)
        try:
            self._zip = zipfile.ZipFile(counted)
            counted.opening = False
            entries = self._zip.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
            raise BadRequest(NO_ZIP) from None
        if len(entries) > limits.files or sum(entry.file_size for entry in entries) > limits.unpacked:
            raise limits.too_much()
        for entry in entries:
            if "\x00" in entry.orig_filename or stat.S_ISLNK(entry.external_attr >> 16):
                raise BadRequest(ESCAPES.format(name=entry.filename[:120]))
            _refuse_escapes(entry.filename.rstrip("/") if entry.is_dir() else entry.filename)
        self._entries = {entry.filename: entry for entry in entries if not entry.is_dir()}
        super().__init__(list(self._entries), limits)

    def _open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        entry = self._entries[name]
        if entry.flag_bits & 0x1:
            raise BadEntry("It is encrypted.")
        return self._zip.open(entry)


class Folder(Source):
    """Plain files that were sent together; those of a chosen folder carry their path in it as their name."""

    def __init__(self, uploads: Iterable[UploadFile], limits: Limits) -> None:
        self._uploads = {upload.filename: upload for upload in uploads if upload.filename}
        super().__init__(list(self._uploads), limits)

    def _root(self, paths: Iterable[str]) -> str:
        """The chosen folder: the first part of every path."""
        firsts = {path.partition("/")[0] if "/" in path else "" for path in paths}
        return firsts.pop() if len(firsts) == 1 else super()._root(paths)

    def _open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        file = self._uploads[name].file
        file.seek(0)
        return nullcontext(file)  # it stays open: another note may show it too


def _refusal(error: Exception) -> Exception:
    """Why a file could not be read; zlib.error, lzma.LZMAError and their like have no common base."""
    if isinstance(error, BadRequest | BadEntry):
        return error
    damaged = (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError)
    return BadEntry("It is damaged." if isinstance(error, damaged) else "It cannot be unpacked.")


def _refuse_escapes(path: str) -> None:
    parts = path.split("/")
    odd = path.startswith("/") or "\\" in path or "\x00" in path or _DRIVE.match(path)
    if odd or any(part in {"", ".", ".."} for part in parts):
        raise BadRequest(ESCAPES.format(name=path[:120]))
