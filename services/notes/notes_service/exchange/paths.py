"""Paths of the files of an import, as programs of all systems write them, brought to one form.

A path here has single slashes, no `.` and `..`, and composed letters (NFC): Finder and some zip programs on a Mac store
them decomposed. Explorer and old programs of Windows store backslashes, `tar` and others begin with `./`.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator

_DRIVE = re.compile(r"[A-Za-z]:(?! )")
"""Of Windows; with a blank behind it, it begins a title."""
_UTF_8 = 0x800
_UNIX = 3
_UNICODE_PATH = 0x7075
"""Of Info-ZIP: the name in UTF-8, beside the one in the system's own letters (APPNOTE 4.6.9)."""


def cleaned(path: str) -> str | None:
    """The path in the one form; None for one that leads out, is absolute, or names nothing."""
    slashed = path.replace("\\", "/")
    if slashed.startswith("/") or "\x00" in path or _DRIVE.match(slashed):
        return None
    parts: list[str] = []
    for part in slashed.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return unicodedata.normalize("NFC", "/".join(parts)) or None


def name_of(entry: zipfile.ZipInfo) -> str:
    """The name of an entry of a zip, whatever it was written in.

    The flag for UTF-8 is honoured, and Info-ZIP's own field. Without them `zipfile` takes the bytes for cp437, as the
    specification has it, while programs on Unix and macOS write UTF-8 and say nothing: that is tried first, since
    text in another encoding is hardly ever valid UTF-8. What is left is Latin-1 from Unix, and cp437 from all others.
    """
    if entry.flag_bits & _UTF_8:
        return entry.orig_filename
    try:
        written = entry.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.orig_filename
    for name in (_unicode_path(entry.extra), written):
        try:
            if name:
                return name.decode()
        except UnicodeDecodeError:
            continue
    return written.decode("latin-1") if entry.create_system == _UNIX else entry.orig_filename


def _unicode_path(extra: bytes) -> bytes:
    """The name in the field of Info-ZIP: version, checksum of the other name, UTF-8; b"" without one."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == _UNICODE_PATH and size > 5:
            return extra[9 : 4 + size]
        extra = extra[4 + size :]
    return b""


class Paths:
    """The paths of an import, looked up as people and programs write them: exactly, else in another letter case."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._known: set[str] = set()
        self._folded: dict[str, str | None] = {}
        for path in paths:
            self.add(path)

    def add(self, path: str) -> None:
        """One more."""
        if path not in self._known:
            folded = path.casefold()
            self._folded[folded] = None if folded in self._folded else path
            self._known.add(path)

    def __iter__(self) -> Iterator[str]:
        """All of them, in order."""
        return iter(sorted(self._known))

    def find(self, path: str) -> str | None:
        """The file that a path means; None when there is none, or several that differ by their case only."""
        if path in self._known:
            return path
        composed = unicodedata.normalize("NFC", path)
        return composed if composed in self._known else self._folded.get(composed.casefold())
