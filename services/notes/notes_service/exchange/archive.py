"""The files of an import, from a zip or from a folder that a browser sent: what they declare is not trusted."""

from __future__ import annotations

import asyncio
import io
import json
import stat
import zipfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import PurePosixPath
from typing import IO, BinaryIO

from starlette.datastructures import UploadFile

from notechondria_shared.core.errors import BadRequest
from notechondria_shared.core.file_names import suffix_of, without_suffix
from notechondria_shared.storage.media import CHUNK
from notes_service.exchange.guarded_file import GuardedFile
from notes_service.exchange.limits import NO_TEXT, NOTE_BYTES, BadEntry, Limits, NoArchive
from notes_service.exchange.made_notes import Aside, MadeNotes
from notes_service.exchange.paths import Paths, cleaned, name_of

OUTSIDE = "Its path leads out of the import."
TWICE = "The import holds another file of this path; the later one counts."
MANIFEST = "courses.json"
"""In the folder of an export of ours: everything that it names lies beside it."""
MANIFEST_BYTES = 16 * 1024 * 1024
VAULT_MARKS = frozenset({".obsidian", "_resources"})
"""Folders directly in a vault of Obsidian and in an export of Joplin."""
_SKIPPED = frozenset({"__MACOSX", ".obsidian", ".trash", ".git"})
_TRASH = ".trash"
_OF_SYSTEMS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".directory", ".localized", ".nomedia", "Icon\r"})
_DOCUMENTS = frozenset({".json", ".html"})
"""What a program writes about its notes."""
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
_ENTRY = b"PK\x01\x02"
"""The first bytes of a file's entry in a zip's directory."""
_SEARCHED = 128 * 1024
"""More than this is read at once of the directory alone: its end is looked for in the last 64 KiB."""


class Source(ABC):
    """The files of an import by their paths; each is read within its limit, all together within those of the import."""

    left_out: list[tuple[str, str]]
    """Files that are not imported, whatever they hold, with the reason."""

    def __init__(self, paths: Sequence[str], limits: Limits) -> None:
        """`paths` are in the one form of `paths.cleaned`."""
        if len(paths) > limits.files:
            raise limits.too_much()
        self.limits = limits
        self.label = ""
        """What people call it: the name of the file that was sent."""
        self._spent = [0]
        """Bytes that were unpacked, of all sources that share them."""
        self._used: set[str] = set()
        self.made, self._aside = MadeNotes(), Aside()
        self._aliases: dict[str, str] = {}
        known = frozenset(paths)
        self._paths = Paths(path for path in paths if not (_SKIPPED & set(path.split("/")) or _is_shadow(path, known)))
        self.in_trash = [path for path in paths if _TRASH in path.split("/") and not path.endswith("/")]
        """What somebody had thrown away in the other program."""
        self._by_stem: dict[str, str | None] | None = None
        self._by_name: dict[str, str] = {}
        for path in reversed([*self._paths]):
            self._by_name[PurePosixPath(path).name.casefold()] = path
        manifest = self._manifest_folder()
        self.is_own = manifest is not None
        """Whether it is an export of ours."""
        self.root = self._root(paths) if manifest is None else manifest
        """The folder that holds everything, as a path; "" when the files have no common folder."""

    def _manifest_folder(self) -> str | None:
        """The folder of our export's manifest, however deep somebody packed it; None when there is none."""
        for path in sorted((path for path in self._paths if PurePosixPath(path).name == MANIFEST), key=_depth):
            try:
                manifest = json.loads(self.read(path, MANIFEST_BYTES))
                self._used.discard(path)
            except (BadEntry, ValueError, RecursionError):
                continue
            if isinstance(manifest, dict) and {"format", "courses"} <= manifest.keys():
                return path.rpartition("/")[0]
        return None

    def _root(self, paths: Iterable[str]) -> str:
        """The folder that holds a vault's or an export's own folder, the outermost of several."""
        marked: set[str] = set()
        for path in paths:
            parts = path.split("/")[:-1]
            marked.update("/".join(parts[:number]) for number, part in enumerate(parts) if part in VAULT_MARKS)
        return min(marked, key=len, default="")

    def names(self) -> Iterator[str]:
        """Paths of all files, in order."""
        return iter(self._paths)

    def find(self, path: str) -> str | None:
        """The file that a path from the top means, also in another letter case; None when there is none."""
        return self._paths.find(path)

    def at(self, path: str) -> str | None:
        """The file that an export of ours names so: its paths begin in the folder of its manifest."""
        return self.find(f"{self.root}/{path}" if self.root else path) or self.find(path)

    def named(self, name: str) -> str | None:
        """The path of a file of that name, in whatever folder; None when there is none."""
        return self._by_name.get(name.casefold())

    def of_stem(self, path: str) -> str | None:
        """The only file of a path whose extension is another; None when there is none, or more than one."""
        if self._by_stem is None:
            self._by_stem = {}
            for one in self._paths:
                if suffix_of(one).lower() not in _DOCUMENTS:
                    stem = without_suffix(one)
                    self._by_stem[stem] = None if stem in self._by_stem else one
        return self._by_stem.get(without_suffix(path)) if PurePosixPath(path).name else None

    def use(self, paths: Iterable[str]) -> None:
        """Note files of which something was made, though they are not read."""
        self._used.update(paths)

    def share(self, other: Source) -> None:
        """Let what is read count for both: one lies in the other."""
        self._spent = other._spent

    def leave(self, paths: Iterable[str]) -> None:
        """Take back that something was made of files: they were only looked at."""
        self._used.difference_update(paths)

    def is_taken(self, path: str) -> bool:
        """Whether something was made of a file already."""
        return path in self._used

    def unused(self) -> Iterator[str]:
        """The files of which nothing was made, but for those that systems leave in every folder."""
        return (path for path in self._paths if path not in self._used and PurePosixPath(path).name not in _OF_SYSTEMS)

    def add_file(self, path: str, data: bytes) -> None:
        """One more file, that a reader of another program's form found within another."""
        self._aside.put(path, data)
        self._add_path(path)

    def add_alias(self, path: str, stored: str) -> None:
        """The name by which people know a file."""
        self._aliases[path] = stored
        self._used.add(stored)
        self._add_path(path)

    def _add_path(self, path: str) -> None:
        self._paths.add(path)
        self._by_name.setdefault(PurePosixPath(path).name.casefold(), path)

    def close(self) -> None:
        """Remove what was put aside."""
        self.made.close()
        self._aside.close()

    @abstractmethod
    def _open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """The file, from its beginning. Raises `BadEntry`."""

    def size(self, name: str) -> int:
        """How many bytes the directory says that a file has: not to be trusted."""
        return self._aside.size(name) if name in self._aside else self._size(self._aliases.get(name, name))

    @abstractmethod
    def _size(self, name: str) -> int:
        """The same of a file of the archive."""

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """The file, also one that a reader added."""
        if name in self._aside:
            return nullcontext(io.BytesIO(self._aside.get(name)))
        return self._open(self._aliases.get(name, name))

    def chunks(self, name: str, limit: int) -> Iterator[bytes]:
        """The content of a file in pieces. Raises `BadEntry` when it is damaged or larger than `limit` bytes."""
        size = 0
        self._used.add(name)
        try:
            with self.open(name) as opened:
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
        self._spent[0] += more
        if self._spent[0] > self.limits.unpacked:
            raise self.limits.too_much()
        if size > limit:
            raise BadEntry(f"It is larger than {limit >> 20} MiB.")

    def read(self, name: str, limit: int) -> bytes:
        """The whole content of a small file; raises as `chunks` does."""
        return b"".join(self.chunks(name, limit))

    def text(self, name: str) -> str:
        """A note's file as text. Raises `BadEntry` when it is none, or larger than a note with its fields can be."""
        try:
            return self.read(name, NOTE_BYTES).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadEntry(NO_TEXT) from None


class _ZipFile(GuardedFile):
    """The file of a zip whose directory is not parsed when it holds too much: that alone would fill the memory."""

    def guard(self, data: bytes) -> None:
        """Count the entries of the directory, which is read at once."""
        if len(data) > _SEARCHED and data.count(_ENTRY) > self.limits.files:
            raise self.limits.too_much()


class Archive(Source):
    """A zip."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        watched = _ZipFile(file, limits)
        try:
            self._zip = zipfile.ZipFile(watched)
            watched.opening = False
            entries = self._zip.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
            raise NoArchive("zip") from None
        if len(entries) > limits.files or sum(entry.file_size for entry in entries) > limits.unpacked:
            raise limits.too_much()
        self.left_out = []
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            self._add(entry)
        super().__init__(list(self._entries), limits)

    def _add(self, entry: zipfile.ZipInfo) -> None:
        name = name_of(entry)
        if name.endswith(("/", "\\")):
            return
        path = cleaned(name)
        if path is None:
            self.left_out.append((name, OUTSIDE))
        elif stat.S_ISLNK(entry.external_attr >> 16):
            self.left_out.append((name, "It is a link, and no file."))
        else:
            if path in self._entries:
                self.left_out.append((path, TWICE))
            self._entries[path] = entry

    def _open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        entry = self._entries[name]
        if entry.flag_bits & 0x1:
            raise BadEntry("It is encrypted: pack it without a password.")
        if entry.compress_type not in _METHODS:
            raise BadEntry("It is packed by a method that is not read here: pack it by Deflate, as most programs do.")
        return self._zip.open(entry)

    def _size(self, name: str) -> int:
        return self._entries[name].file_size


class Folder(Source):
    """Plain files that were sent together; those of a chosen folder carry their path in it as their name."""

    def __init__(self, uploads: Iterable[UploadFile], limits: Limits) -> None:
        self.left_out = []
        self._uploads: dict[str, UploadFile] = {}
        for upload in uploads:
            path = cleaned(upload.filename or "")
            if path is None:
                self.left_out.append((upload.filename or "", OUTSIDE))
                continue
            if path in self._uploads:
                self.left_out.append((path, TWICE))
            self._uploads[path] = upload
        super().__init__(list(self._uploads), limits)

    def _root(self, paths: Iterable[str]) -> str:
        """The chosen folder: the first part of every path."""
        firsts = {path.partition("/")[0] if "/" in path else "" for path in paths}
        return firsts.pop() if len(firsts) == 1 else super()._root(paths)

    def _open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        file = self._uploads[name].file
        file.seek(0)
        return nullcontext(file)  # it stays open: another note may show it too

    def _size(self, name: str) -> int:
        return self._uploads[name].size or 0


def _refusal(error: Exception) -> Exception:
    """Why a file could not be read; zlib.error, lzma.LZMAError and their like have no common base."""
    if isinstance(error, BadRequest | BadEntry):
        return error
    damaged = (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError)
    return BadEntry("It is damaged." if isinstance(error, damaged) else "It cannot be unpacked.")


def _is_shadow(path: str, known: Collection[str]) -> bool:
    """Whether a file is what macOS leaves beside another one where a file system knows no such attributes: `._x`."""
    folder, _, name = path.rpartition("/")
    return name.startswith("._") and (f"{folder}/{name[2:]}" if folder else name[2:]) in known


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path
