"""Where what an export points to is after the import: its files have other addresses here, its notes other uuids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote
from uuid import UUID

_ORIGIN = r"(?:https?://[^\s/()<>\"']{1,255})?"
_MEDIA = rf"{_ORIGIN}/media/(?P<path>[\w.~/%-]{{1,1024}})"
_UUID = r"(?i:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
# A share link is `#/notes/<uuid>` in the address of an app; the API has `notes/uuid/<uuid>/` (notes §5.2).
_NOTE = rf"(?P<way>\bnotes/(?:uuid/)?)(?P<uuid>{_UUID})\b"
_REFERENCE = re.compile(f"{_MEDIA}|{_NOTE}")
_OWN_MEDIA = re.compile(rf"{_ORIGIN}(?=/media/)")
_OF_NOTE = re.compile(r"user_upload/user_\d+/notes/note_([0-9a-f]{32})/.+")
_AFTER = "._-~"
"""What may follow an address in a sentence, or be its last character."""


class FileOfNote(NamedTuple):
    """A file by its path below /media/, and the uuid of its note, which the path names."""

    path: str
    note: UUID


@dataclass(frozen=True, slots=True)
class Unknown:
    """What a text points to that is not known."""

    notes: list[UUID]
    files: list[FileOfNote]


@dataclass(slots=True)
class Moves:
    """The new addresses by the old ones, as the import learns them."""

    files: dict[str, str] = field(default_factory=dict)
    """URL here by the path below /media/ that the export has."""
    notes: dict[UUID, UUID] = field(default_factory=dict)

    def forget(self, note: UUID, listed: Iterable[tuple[str, str]]) -> None:
        """Take back what was noted of a note that was not made; `listed` begins with the paths of its files."""
        self.notes.pop(note, None)
        for path, *_ in listed:
            self.files.pop(path, None)

    def rewritten(self, text: str) -> str:
        """The text with all that is known led to where it is now, whatever deployment it named."""
        return _REFERENCE.sub(self._moved, text) if _may_refer(text) else text

    def leaves_open(self, text: str) -> bool:
        """Whether the text points to a note or file that is not known, yet or at all."""
        return _may_refer(text) and any(self._target(match) is None for match in _REFERENCE.finditer(text))

    def unknown(self, text: str) -> Unknown:
        """The notes and files that a text points to and that are not known."""
        notes: list[UUID] = []
        files: list[FileOfNote] = []
        for match in _REFERENCE.finditer(text) if _may_refer(text) else ():
            if self._target(match) is not None:
                continue
            if match["uuid"]:
                notes.append(UUID(match["uuid"]))
            elif of_note := _OF_NOTE.match(unquote(match["path"]).rstrip(_AFTER)):
                files.append(FileOfNote(of_note[0], UUID(of_note[1])))
        return Unknown(notes, files)

    def _moved(self, match: re.Match[str]) -> str:
        target = self._target(match)
        if target is None:
            return match[0]
        if match["uuid"]:
            return f"{match['way']}{target}"
        return target + match["path"][len(self._path(match["path"])) :]

    def _target(self, match: re.Match[str]) -> str | None:
        if match["uuid"]:
            new = self.notes.get(UUID(match["uuid"]))
            return None if new is None else str(new)
        return self.files.get(unquote(self._path(match["path"])))

    def _path(self, path: str) -> str:
        """The part of a match that is an address: a full stop may end a sentence."""
        while unquote(path) not in self.files and path and path[-1] in _AFTER:
            path = path[:-1]
        return path


def _may_refer(text: str) -> bool:
    """A look that costs nothing: most texts point nowhere, and some are as long as a book."""
    return "/media/" in text or "notes/" in text


def without_origin(text: str) -> str:
    """The text with addresses of files as they are on every host, to be compared."""
    return _OWN_MEDIA.sub("", text)
