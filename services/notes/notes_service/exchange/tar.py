"""A tar, as Joplin writes its JEX and Takeout its `.tgz`: read like a zip, with what it declares not trusted."""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import IO, BinaryIO

from notechondria_shared.storage.media import CHUNK
from notes_service.exchange.archive import OUTSIDE, TWICE, Source
from notes_service.exchange.guarded_file import GuardedFile
from notes_service.exchange.limits import BadEntry, Limits, NoArchive
from notes_service.exchange.made_notes import spooled
from notes_service.exchange.paths import cleaned

_MAGIC_AT, _MAGIC = 257, b"ustar"
_GZIP = b"\x1f\x8b"
_DIGITS, _MOST_DIGITS = re.compile(rb"[0-9]+"), 255
_READS_PER_FILE = 8
"""Blocks that `tarfile` reads for a member; a header that leads it in circles takes more."""


def is_tar(file: BinaryIO) -> bool:
    """Whether the file says that it is one (POSIX.1-1988); its position is its beginning afterwards."""
    return _holds(file, _MAGIC_AT, _MAGIC)


def is_gzip(file: BinaryIO) -> bool:
    """Whether the file begins as one of gzip does (RFC 1952 §2.3.1); its position is its beginning afterwards."""
    return _holds(file, 0, _GZIP)


def _holds(file: BinaryIO, position: int, magic: bytes) -> bool:
    file.seek(position)
    read = file.read(len(magic))
    file.seek(0)
    return read == magic


class Decompressor:
    """Unpacks what gzip packed into temporary files of the stack's: members of a tar are read in any order.

    All of one import together may be as large as what it unpacks.
    """

    def __init__(self, limits: Limits, stack: ExitStack) -> None:
        self._limits, self._stack, self._left = limits, stack, limits.unpacked

    def unpacked(self, file: BinaryIO) -> BinaryIO:
        """The file that was packed."""
        return spooled(self._pieces(file), self._stack)

    def _pieces(self, file: BinaryIO) -> Iterator[bytes]:
        with gzip.GzipFile(fileobj=file, mode="rb") as packed:
            while piece := _piece(packed):
                self._left -= len(piece)
                if self._left < 0:
                    raise self._limits.too_much()
                yield piece


def _piece(packed: gzip.GzipFile) -> bytes:
    try:
        return packed.read(CHUNK)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise NoArchive("tar") from None


class Tar(Source):
    """A tar without compression."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self.left_out = []
        self._members: dict[str, tarfile.TarInfo] = {}
        watched = _TarFile(file, limits)
        try:
            self._tar = tarfile.open(fileobj=watched, mode="r:")  # noqa: SIM115 - it lives as long as the file
            for number, member in enumerate(self._tar):
                if number >= limits.files:
                    raise limits.too_much()
                self._add(member)
        except (tarfile.TarError, OSError, ValueError, EOFError, OverflowError, RecursionError):
            raise NoArchive("tar") from None
        watched.opening = False
        super().__init__(list(self._members), limits)

    def _add(self, member: tarfile.TarInfo) -> None:
        if member.isdir():
            return
        path = cleaned(member.name)
        if path is None:
            self.left_out.append((member.name, OUTSIDE))
        elif not member.isreg() or member.issparse():
            self.left_out.append((member.name, "It is a link or a device, and no file."))
        else:
            if path in self._members:
                self.left_out.append((path, TWICE))
            self._members[path] = member

    def _open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        opened = self._tar.extractfile(self._members[name])
        if opened is None:
            raise BadEntry("It is no file.")
        return nullcontext(opened)

    def _size(self, name: str) -> int:
        return self._members[name].size


class _TarFile(GuardedFile):
    """The file of a tar, which may be read so often while its members are looked for."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        super().__init__(file, limits)
        self._left = _READS_PER_FILE * (limits.files + 16)

    def guard(self, data: bytes) -> None:
        """Count the reads, and refuse numbers that nobody writes.

        For those, `tarfile` of Python 3.11.7 and 3.12.1 takes time that grows with the square of a header's length:
        hours for a megabyte of digits (CPython issue 121285).
        """
        self._left -= 1
        if self._left < 0:
            raise self.limits.too_much()
        if len(data) > _MOST_DIGITS and max(map(len, _DIGITS.findall(data)), default=0) > _MOST_DIGITS:
            raise NoArchive("tar")
