"""Links of an exported text to own notes and to files of own notes, led to something else."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote
from uuid import UUID

from notes_service.exchange import links

_FILE = re.compile(
    r"(?:https?://[^\s/()<>\"']{1,255})?/media/(?P<path>user_upload/user_\d+/notes/note_(?P<hex>[0-9a-f]{32})/[^#?]+)"
)
_NOTE = re.compile(
    r"[^\s]{0,400}\bnotes/(?:uuid/)?(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/?(?:\?[^\s]*)?",
    re.IGNORECASE,
)


def led(text: str, file: Callable[[str, UUID], str | None], note: Callable[[UUID], str | None]) -> str:
    """The text with its links led on; `file` gets a path below /media/ and the uuid of the file's note.

    What they answer None for stays as it is, as does code.
    """
    urls: dict[str, str] = {}
    for target in links.targets(text):
        where = None
        if match := _FILE.match(target):
            where = file(unquote(match["path"]), UUID(match["hex"]))
        elif match := _NOTE.fullmatch(target):
            where = note(UUID(match["uuid"]))
        if where is not None:
            urls[target] = where
    return links.relinked(text, urls) if urls else text
