"""Names of exported files that people read, and that Windows, macOS, Linux and Obsidian take."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from uuid import UUID

from notechondria_shared.core.file_names import stem_of, suffix_of
from notechondria_shared.core.letters import is_unseen
from notes_service.exchange.queries import NoteName
from notes_service.media.names import RESERVED

NAME_BYTES = 120
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*#^\[\]]+')


def plain_name(title: str) -> str:
    """A title as the name of a file."""
    text = "".join(c for c in unicodedata.normalize("NFC", title) if not is_unseen(c))
    text = " ".join(_UNSAFE.sub(" ", text).split()).strip(". ")
    text = text.encode()[:NAME_BYTES].decode(errors="ignore").strip(". ")
    return f"_{text}" if not text or RESERVED.fullmatch(text) else text


class FileNames:
    """A name for each file of a note, apart from the note's others also where letter case does not count.

    `paths` are those below /media/ of the files of notes that have several; only what is renamed is kept.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._renamed: dict[str, str] = {}
        used = set[str]()
        for path in paths:
            other, number = PurePosixPath(path), 2
            while str(other).casefold() in used:
                other = PurePosixPath(path).with_name(f"{stem_of(path)}-{number}{suffix_of(path)}")
                number += 1
            used.add(str(other).casefold())
            if str(other) != path:
                self._renamed[path] = other.name

    def of(self, path: str) -> str:
        """The name of the file that lies there."""
        return self._renamed.get(path) or PurePosixPath(path).name


class NotePaths:
    """A path for each note, apart from all others also where letter case does not count."""

    def __init__(self, names: Sequence[NoteName]) -> None:
        self._paths: dict[UUID, str] = {}
        used: set[str] = set()
        for name in names:
            folder = f"{plain_name(name.course)}/" if name.course else ""
            title = plain_name(name.title)
            path, number = f"{folder}{title}", 2
            while path.casefold() in used:
                path, number = f"{folder}{title} {number}", number + 1
            used.add(path.casefold())
            self._paths[name.uuid] = path

    def of(self, uuid: UUID) -> str | None:
        """The path without a suffix; None for a note that is not among them."""
        return self._paths.get(uuid)
