"""Notes that readers of other programs' forms took out of their files, put aside until the import comes to them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from pydantic import JsonValue

SPOOLED = 1024 * 1024
"""Bytes that stay in memory; beyond it they lie on disk, without a name."""


def spooled(pieces: Iterable[bytes], stack: ExitStack) -> BinaryIO:
    """A temporary file of the stack's with these bytes, at its beginning."""
    copy = tempfile.SpooledTemporaryFile(SPOOLED)  # noqa: SIM115 - closed with the stack
    stack.callback(copy.close)
    for piece in pieces:
        copy.write(piece)
    copy.seek(0)
    return cast("BinaryIO", copy)


@dataclass(frozen=True, slots=True)
class MadeNote:
    """A note as a reader found it."""

    body: str
    fields: Mapping[str, JsonValue] = field(default_factory=dict)
    """As front matter would have them: what fits no column goes to `custom_meta`."""
    deleted: bool = False
    notice: str = ""
    """What of it could not be taken over."""


class Aside:
    """Bytes by the path that stands for them, on disk when they are many."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(SPOOLED)  # noqa: SIM115 - `close` closes it
        self._positions: dict[str, tuple[int, int]] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._positions

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._positions))

    def put(self, path: str, data: bytes) -> None:
        """Put bytes aside."""
        self._positions[path] = self._file.seek(0, 2), len(data)
        self._file.write(data)

    def get(self, path: str) -> bytes:
        """What was put aside under a path."""
        start, size = self._positions[path]
        self._file.seek(start)
        return self._file.read(size)

    def size(self, path: str) -> int:
        """How many bytes that are."""
        return self._positions[path][1]

    def close(self) -> None:
        """Remove all of it."""
        self._file.close()


class MadeNotes(Aside):
    """The notes by the path that stands for each."""

    def add(self, path: str, note: MadeNote) -> None:
        """Put one aside, under a path that no other has."""
        free, number = path, 2
        while free in self._positions:
            free, number = f"{path} ({number})", number + 1
        document = [note.body, dict(note.fields), note.deleted, note.notice]
        self.put(free, json.dumps(document).encode())  # all ASCII: a lone surrogate passes, and is refused as a note

    def read(self, path: str) -> MadeNote:
        """One of them."""
        body, fields, deleted, notice = json.loads(self.get(path))
        return MadeNote(body, fields, deleted, notice)
