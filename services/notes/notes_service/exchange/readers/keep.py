"""Google Keep in an archive of Takeout: a JSON document per note, beside a page of the same name for reading.

(https://takeout.google.com; the keys are those that such archives have had since 2018.)
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from pydantic import JsonValue

from notechondria_shared.core.file_names import stem_of
from notechondria_shared.web.body import TEXT_LIMIT
from notes_service.exchange.archive import Source
from notes_service.exchange.limits import BadEntry
from notes_service.exchange.made_notes import MadeNote
from notes_service.exchange.markup import to_markdown

COURSE = "Google Keep"
_USED = frozenset({"title", "textContent", "textContentHtml", "listContent", "attachments", "labels", "isTrashed",
                   "userEditedTimestampUsec", "createdTimestampUsec"})  # fmt: skip
_NOTHING: tuple[JsonValue, ...] = (None, "", False, [], {}, "DEFAULT")


def read_keep(source: Source) -> None:
    """Turn the documents into notes: lists become tasks, labels tags, files attachments."""
    for path in list(source.names()):
        if path.endswith(".json") and isinstance(note := _document(source, path), dict) and _is_note(note):
            source.use([path, f"{path[:-5]}.html"])
            source.made.add(path, MadeNote(_body(source, path, note), _fields(note), note.get("isTrashed") is True))


def _document(source: Source, path: str) -> JsonValue:
    try:
        document: JsonValue = json.loads(source.read(path, TEXT_LIMIT))
    except (BadEntry, ValueError, RecursionError):
        document = None
    source.leave([path])
    return document


def _is_note(document: dict[str, JsonValue]) -> bool:
    return "userEditedTimestampUsec" in document and "isTrashed" in document


def _fields(note: dict[str, JsonValue]) -> dict[str, JsonValue]:
    fields = {name: value for name, value in note.items() if name not in _USED and value not in _NOTHING}
    labels = note.get("labels")
    names = [one.get("name") for one in labels if isinstance(one, dict)] if isinstance(labels, list) else []
    if names:
        fields["tags"] = names
    return {
        **fields,
        "title": note.get("title") or "",
        "course": COURSE,
        "created": note.get("createdTimestampUsec"),
        "updated": note.get("userEditedTimestampUsec"),
    }


def _body(source: Source, path: str, note: dict[str, JsonValue]) -> str:
    pieces = [_text(note, "textContent", "textContentHtml")]
    tasks = note.get("listContent")
    if isinstance(tasks, list):
        pieces.append("\n".join(_task(task) for task in tasks if isinstance(task, dict)))
    files = note.get("attachments")
    for file in files if isinstance(files, list) else ():
        name = file.get("filePath") if isinstance(file, dict) else None
        if isinstance(name, str):
            pieces.append(_link(source, path, name))
    return "\n\n".join(piece for piece in pieces if piece)


def _task(task: dict[str, JsonValue]) -> str:
    box = "x" if task.get("isChecked") is True else " "
    return f"- [{box}] {_text(task, 'text', 'textHtml')}".replace("\n", "\n  ")


def _text(of: dict[str, JsonValue], plain: str, rich: str) -> str:
    """The plain text; where there is none, the one in HTML."""
    text, html = of.get(plain), of.get(rich)
    if isinstance(text, str) and text.strip():
        return text.strip()
    return to_markdown(html)[0] if isinstance(html, str) else ""


def _link(source: Source, path: str, name: str) -> str:
    """A link to a file; the documents often say another extension than the file has, mostly `.jpeg` for `.jpg`."""
    folder = PurePosixPath(path).parent
    other = f"{stem_of(name)}.jpg" if PurePosixPath(name).name else ""
    stored = next((one for one in (name, other) if one and source.find(str(folder / one))), None)
    if stored is None and (path_of_stem := source.of_stem(str(folder / name))):
        stored = PurePosixPath(path_of_stem).name
    if stored:
        name = stored
    else:
        source.left_out.append((str(folder / name), f"It is missing: {path} names it as its own."))
    return f"![{PurePosixPath(name).name}](<{name}>)"
