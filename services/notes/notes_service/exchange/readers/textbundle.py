"""TextBundle, as Bear and others export it: a folder `x.textbundle` with `text.md`, `info.json` and `assets/`.

(https://textbundle.org/spec/) A `.textpack` is the same, zipped.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath

from pydantic import JsonValue

from notechondria_shared.core.file_names import stem_of
from notes_service.exchange import front_matter
from notes_service.exchange.archive import Source
from notes_service.exchange.limits import BadEntry
from notes_service.exchange.made_notes import MadeNote

_TEXT = re.compile(r"(?P<bundle>(?:.*/)?(?P<name>[^/]+)\.textbundle)/text\.(?:md|markdown|txt)", re.IGNORECASE)
_FLAT = re.compile(r"text\.(?:md|markdown|txt)", re.IGNORECASE)
"""The text of a `.textpack` that was made of a bundle's contents instead of its folder."""
_BEAR = "net.shinyfrog.bear"
_INFO = "info.json"
_INFO_BYTES = 1024 * 1024


def read_textbundles(source: Source) -> None:
    """A note for each bundle, named by it; its course is the folder around it, not the bundle."""
    for path in list(source.names()):
        if bundle := _bundle(source, path):
            folder, name = bundle
            source.use([path, str(folder / _INFO)])
            try:
                text = source.text(path)
            except BadEntry as problem:
                source.left_out.append((path, str(problem)))
                continue
            fields, body = front_matter.read(text)
            named: dict[str, JsonValue] = {} if body.lstrip().startswith("# ") else {"title": name}
            source.made.add(path, MadeNote(body, {**named, **_fields(source, folder), **fields}))


def _bundle(source: Source, path: str) -> tuple[PurePosixPath, str] | None:
    """The folder and the name of the bundle that a file is the text of; None for any other file."""
    if match := _TEXT.fullmatch(path):
        return PurePosixPath(match["bundle"]), match["name"]
    if _FLAT.fullmatch(path) and source.label and "version" in _info(source, _INFO):
        return PurePosixPath(), stem_of(source.label)
    return None


def _fields(source: Source, bundle: PurePosixPath) -> dict[str, JsonValue]:
    fields: dict[str, JsonValue] = {}
    folders = PurePosixPath(str(bundle).removeprefix(f"{source.root}/")).parent.parts
    fields["course"] = folders[0] if folders else ""
    info = _info(source, str(bundle / _INFO))
    bear = info.get(_BEAR)
    if isinstance(bear, dict):
        fields["created"] = bear.get("creationDate") or ""
        fields["updated"] = bear.get("modificationDate") or ""
        more = {name: value for name, value in bear.items() if name not in ("creationDate", "modificationDate")}
        if more:
            fields["bear"] = more
    return fields


def _info(source: Source, path: str) -> dict[str, JsonValue]:
    stored = source.find(path)
    if stored is None:
        return {}
    try:
        info = json.loads(source.read(stored, _INFO_BYTES))
    except (BadEntry, ValueError, RecursionError):
        return {}
    return info if isinstance(info, dict) else {}
