"""Whether a file of an import says the same as the note that was made of it.

The note links to its files by the addresses they got here, the file by whatever it said; both are compared with every
such link replaced by the name of what it leads to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from notes_service.exchange import links
from notes_service.exchange.archive import Source
from notes_service.exchange.queries import AttachedFile
from notes_service.exchange.reading import NoteFile
from notes_service.media.names import shown_name


def digest(file: NoteFile) -> bytes:
    """What two files have in common that say the same."""
    return hashlib.sha256(f"{file.payload.get('title')}\n{file.body}".encode(errors="surrogatepass")).digest()


def in_file(file: NoteFile, source: Source) -> str:
    """The text of a file, with its files by their names."""
    text = file.body
    for item in file.attachments:
        media, name = item.get("media"), item.get("name")
        text = links.moved(text, media if isinstance(media, str) else "", _token(name if isinstance(name, str) else ""))
    names: Mapping[str, str] = {
        target: _token(PurePosixPath(path).name)
        for target in links.targets(text)
        if (path := links.resolve(source, file.name, target))
    }
    return links.relinked(text, names).strip()


def in_note(content: str, attached: Iterable[AttachedFile]) -> str:
    """The text of a note, with its files by their names."""
    for file in attached:
        content = links.moved(content, file.file, _token(file.original_filename))
    return content.strip()


def _token(name: str) -> str:
    return f"file:{shown_name(name)}"
