"""Whether a file of an import says the same as the note that was made of it.

The note links to its files by the addresses they got here, the file by whatever it said; both are compared with every
such link replaced by the name of what it leads to.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from pydantic import JsonValue

from notes_service.exchange import links
from notes_service.exchange.archive import Source
from notes_service.exchange.fields import NOT_AN_OBJECT, as_object
from notes_service.exchange.import_queries import AttachedFile, KnownNote
from notes_service.exchange.moves import Moves, without_origin
from notes_service.exchange.reading import NoteFile
from notes_service.media.names import shown_name

OTHER_COURSE = "Its course in the file is {course}: the note was left in the one that it has here."
OTHER_READERS = "The file says that it is {readers}: this was left as it is here."


def digest(file: NoteFile) -> bytes:
    """What two files have in common that say the same."""
    return hashlib.sha256(f"{file.payload.get('title')}\n{file.body}".encode(errors="surrogatepass")).digest()


def in_file(file: NoteFile, source: Source, moves: Moves, can_come: Collection[str]) -> str:
    """The text of a file, with its files by their names, and what it says of other notes as it is here.

    A link to a file that cannot come, too large or damaged, stays as it is: so it does in the note.
    """
    text = file.body
    for item in file.attachments:
        media, name = item.get("media"), item.get("name")
        text = links.moved(text, media if isinstance(media, str) else "", _token(name if isinstance(name, str) else ""))
    names: Mapping[str, str] = {
        target: _token(PurePosixPath(path).name)
        for target in links.targets(text)
        if (path := links.resolve(source, file.name, target, by_name=not file.is_own)) and path in can_come
    }
    return without_origin(moves.rewritten(links.relinked(text, names))).strip()


def in_note(content: str, attached: Iterable[AttachedFile]) -> str:
    """The text of a note, with its files by their names."""
    for file in attached:
        content = links.moved(content, file.file, _token(file.original_filename))
    return without_origin(content).strip()


def _token(name: str) -> str:
    return f"file:{shown_name(name)}"


def fields_changed(known: KnownNote, payload: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The fields of a file that say something else than the note does, as the note is to have them.

    What the note has beside them stays: apps keep fields of their own there.
    """
    changed: dict[str, JsonValue] = {}
    for name in ("title", "description"):
        if payload.get(name) and payload[name] != getattr(known, name):
            changed[name] = payload[name]
    for name, here in (("metadata_json", known.metadata_json), ("custom_meta", known.custom_meta)):
        said = payload.get(name)
        if isinstance(said, str) and said.strip() and (merged := _merged(here, said)) is not None:
            changed[name] = merged
    return changed


def left_alone(known: KnownNote, file: NoteFile) -> str:
    """What a file says otherwise than its note, and an import leaves to people: who may read it, and its course."""
    notices: list[str] = []
    if file.names_course and file.course.lower() != (known.course or "").lower():
        notices.append(OTHER_COURSE.format(course=file.course or "none"))
    public = file.payload.get("is_public")
    if isinstance(public, bool) and public != known.is_public:
        notices.append(OTHER_READERS.format(readers="public" if public else "private"))
    return " ".join(notices)


def _merged(here: str, said: str) -> str | None:
    """Two texts of fields in one, the second's counting; None when it says nothing new."""
    if here.strip() == said.strip():
        return None
    old, new = as_object(here), as_object(said)
    if NOT_AN_OBJECT in new:
        return said
    merged = {**old, **new}
    return None if merged == old else json.dumps(merged, ensure_ascii=False)


def listed_names(file: NoteFile) -> list[tuple[str, str]]:
    """The files that an export of ours lists: the path below /media/ that each had, and the name people know."""
    pairs = ((item.get("media"), item.get("name")) for item in file.attachments)
    return [(media, shown_name(name)) for media, name in pairs if isinstance(media, str) and isinstance(name, str)]


def paired(names: Iterable[tuple[str, str]], attached: Iterable[AttachedFile]) -> Iterator[tuple[str, str]]:
    """The old path of each listed file with the path it has here: the files of one name in their order."""
    here: defaultdict[str, list[str]] = defaultdict(list)
    for file in attached:
        here[file.original_filename].append(file.file)
    for media, name in names:
        if here[name]:
            yield media, here[name].pop(0)
