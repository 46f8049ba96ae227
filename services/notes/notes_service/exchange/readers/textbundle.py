"""TextBundle, as Bear and others export it: a folder `x.textbundle` with `text.md`, `info.json` and `assets/`.

(https://textbundle.org/spec/) A `.textpack` is the same, zipped.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath

from pydantic import JsonValue

from notes_service.exchange import front_matter
from notes_service.exchange.archive import Source
from notes_service.exchange.limits import BadEntry
from notes_service.exchange.made_notes import MadeNote

_TEXT = re.compile(r"(?P<bundle>(?:.*/)?(?P<name>[^/]+)\.textbundle)/text\.(?:md|markdown|txt)", re.IGNORECASE)
_BEAR = "net.shinyfrog.bear"
_INFO_BYTES = 1024 * 1024


def read_textbundles(source: Source) -> None:
    """A note for each bundle, named by it; its course is the folder around it, not the bundle."""
    for path in list(source.names()):
        if match := _TEXT.fullmatch(path):
            source.use([path, f"{match['bundle']}/info.json"])
            try:
                text = source.text(path)
            except BadEntry as problem:
                source.left_out.append((path, str(problem)))
                continue
            fields, body = front_matter.read(text)
            named: dict[str, JsonValue] = {} if body.lstrip().startswith("# ") else {"title": match["name"]}
            source.made.add(path, MadeNote(body, {**named, **_fields(source, match), **fields}))


def _fields(source: Source, match: re.Match[str]) -> dict[str, JsonValue]:
    fields: dict[str, JsonValue] = {}
    folders = PurePosixPath(match["bundle"].removeprefix(f"{source.root}/")).parent.parts
    fields["course"] = folders[0] if folders else ""
    info = _info(source, f"{match['bundle']}/info.json")
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
