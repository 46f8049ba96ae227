"""The files of an import, from a zip or from a folder that a browser sent: nothing they say of themselves counts."""

from __future__ import annotations

import re
import stat
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO

from starlette.datastructures import UploadFile

from notechondria_shared.errors import BadRequest
from notechondria_shared.storage.media import CHUNK

ENTRIES = 10_000
WHOLE_BYTES = 256 * 1024 * 1024
"""Of all files together, unpacked."""
IN_MEMORY = 1024 * 1024
"""Bytes of a file that are kept in memory; the rest goes to disk."""
NO_ZIP = "Import refused: Notes.Import/read — the file is no zip archive, or it is damaged."
TOO_MUCH = f"Import refused: Notes.Import/read — unpacked it is more than {ENTRIES} files or {WHOLE_BYTES >> 20} MiB."
ESCAPES = "Import refused: Notes.Import/read — it holds paths that lead out of it, or links: {name!r}."
VAULT_MARKS = frozenset({".obsidian", "_resources"})
"""Folders that lie directly in a vault of Obsidian and in an export of Joplin."""
_SKIPPED = frozenset({"__MACOSX", ".obsidian", ".trash", ".git"})
_DRIVE = re.compile(r"[A-Za-z]:")


class BadEntry(Exception):
    """One file cannot be used; the text says why."""


class Source(ABC):
    """The files of an import by their paths; each is read within its limit, all together within `WHOLE_BYTES`."""

    def __init__(self, paths: Sequence[str]) -> None:
        if len(paths) > ENTRIES:
            raise BadRequest(TOO_MUCH)
        for path in paths:
            _refuse_escapes(path)
        self._paths = [path for path in paths if not _SKIPPED & set(PurePosixPath(path).parts)]
        self._known = frozenset(self._paths)
        self._by_name: dict[str, str] = {}
        for path in sorted(self._paths, reverse=True):
            self._by_name[PurePosixPath(path).name] = path
        self.root = self._root(paths)
        """The folder that holds everything, as a path; "" when the files lie side by side."""
        self._read = 0

    def _root(self, paths: Iterable[str]) -> str:
        """The folder that holds a vault's or an export's own folder, the outermost of several."""
        marked: set[str] = set()
        for path in paths:
            parts = path.split("/")[:-1]
            marked.update("/".join(parts[:place]) for place, part in enumerate(parts) if part in VAULT_MARKS)
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

    def spool(self, name: str, limit: int) -> BinaryIO:
        """The content of a file, partly on disk. Raises `BadEntry` when it is damaged or larger than `limit` bytes."""
        spooled: BinaryIO = SpooledTemporaryFile(IN_MEMORY)  # type: ignore[assignment]  # noqa: SIM115 - the caller's
        try:
            with self._open(name) as opened:
                size = 0
                while chunk := opened.read(CHUNK):
                    size += len(chunk)
                    self._count(len(chunk), size, limit)
                    spooled.write(chunk)
        except Exception as error:
            spooled.close()
            raise _refusal(error) from error
        spooled.seek(0)
        return spooled

    def _count(self, more: int, size: int, limit: int) -> None:
        """What the directory says of the size may be a lie: what really comes out is counted."""
        self._read += more
        if self._read > WHOLE_BYTES:
            raise BadRequest(TOO_MUCH)
        if size > limit:
            raise BadEntry(f"It is larger than {limit >> 20} MiB.")

    def read(self, name: str, limit: int) -> bytes:
        """The whole content of a small file; raises as `spool` does."""
        with self.spool(name, limit) as spooled:
            return spooled.read()


class Archive(Source):
    """A zip."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
            entries = self._zip.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
            raise BadRequest(NO_ZIP) from None
        if len(entries) > ENTRIES or sum(entry.file_size for entry in entries) > WHOLE_BYTES:
            raise BadRequest(TOO_MUCH)
        for entry in entries:
            if "\x00" in entry.orig_filename or stat.S_ISLNK(entry.external_attr >> 16):
                raise BadRequest(ESCAPES.format(name=entry.filename[:120]))
            _refuse_escapes(entry.filename.rstrip("/") if entry.is_dir() else entry.filename)
        self._entries = {entry.filename: entry for entry in entries if not entry.is_dir()}
        super().__init__(list(self._entries))

    def _open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        entry = self._entries[name]
        if entry.flag_bits & 0x1:
            raise BadEntry("It is encrypted.")
        return self._zip.open(entry)


class Folder(Source):
    """Plain files that were sent together; those of a chosen folder carry their path in it as their name."""

    def __init__(self, uploads: Iterable[UploadFile]) -> None:
        self._uploads = {upload.filename: upload for upload in uploads if upload.filename}
        super().__init__(list(self._uploads))

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
