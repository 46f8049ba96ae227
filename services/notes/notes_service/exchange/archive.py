"""Reading a zip that somebody else made: nothing of what it says about itself is believed."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from notechondria_shared.errors import BadRequest

ENTRIES = 10_000
WHOLE_BYTES = 256 * 1024 * 1024
"""Of all files together, unpacked."""
NO_ZIP = "Import refused: Notes.Import/read — the file is no zip archive, or it is damaged."
TOO_MUCH = f"Import refused: Notes.Import/read — unpacked it is more than {ENTRIES} files or {WHOLE_BYTES >> 20} MiB."
ESCAPES = "Import refused: Notes.Import/read — it holds paths that lead out of it, or links: {name!r}."
_SKIPPED = frozenset({"__MACOSX", ".obsidian", ".trash", ".git"})


class BadEntry(Exception):
    """One file of the archive cannot be used; the text says why."""


class Archive:
    """A checked archive; files are read one at a time, each within its limit."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
            entries = self._zip.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
            raise BadRequest(NO_ZIP) from None
        if len(entries) > ENTRIES or sum(entry.file_size for entry in entries) > WHOLE_BYTES:
            raise BadRequest(TOO_MUCH)
        self._entries: dict[str, zipfile.ZipInfo] = {}
        self._read = 0
        for entry in entries:
            _refuse_escapes(entry)
            if not entry.is_dir() and not _SKIPPED & set(PurePosixPath(entry.filename).parts):
                self._entries[entry.filename] = entry

    def names(self) -> Iterator[str]:
        """Paths of all files, in order."""
        return iter(sorted(self._entries))

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str, limit: int) -> bytes:
        """The content of a file. Raises `BadEntry` when it is damaged, locked or larger than `limit` bytes."""
        entry = self._entries[name]
        if entry.flag_bits & 0x1:
            raise BadEntry("It is encrypted.")
        try:
            with self._zip.open(entry) as opened:
                # The size in the directory may be a lie: count what really comes out.
                data = opened.read(limit + 1)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError) as error:
            raise BadEntry("It is damaged.") from error
        except Exception as error:  # zlib.error, lzma.LZMAError and their like have no common base
            raise BadEntry("It cannot be unpacked.") from error
        self._read += len(data)
        if self._read > WHOLE_BYTES:
            raise BadRequest(TOO_MUCH)
        if len(data) > limit:
            raise BadEntry(f"It is larger than {limit >> 20} MiB.")
        return data


def _refuse_escapes(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    parts = name.rstrip("/").split("/")
    odd = name.startswith("/") or "\\" in name or ":" in parts[0] or any(part in {"", ".", ".."} for part in parts)
    if odd or "\x00" in entry.orig_filename or stat.S_ISLNK(entry.external_attr >> 16):
        raise BadRequest(ESCAPES.format(name=name[:120]))
