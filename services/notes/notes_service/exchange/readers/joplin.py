"""Joplin's own forms: RAW, a folder of items, and JEX, the same as a tar.

An item is a file named by its id: title, text, and at the end lines of `name: value`, of which `type_` says what it is
(https://joplinapp.org/help/dev/spec/interop). Notebooks are courses, resources are files, tags are tags.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote
from uuid import UUID

from pydantic import JsonValue

from notechondria_shared.core.file_names import stem_of
from notes_service.exchange import links
from notes_service.exchange.archive import Source
from notes_service.exchange.limits import BadEntry
from notes_service.exchange.made_notes import MadeNote
from notes_service.exchange.markup import to_markdown
from notes_service.exchange.paths import cleaned

NOTE, NOTEBOOK, RESOURCE, TAG, TAG_OF_NOTE = "1", "2", "4", "5", "6"
ENCRYPTED = "It is encrypted: switch encryption off in Joplin, and export again."
_ID = re.compile(r"[0-9a-f]{32}")
_PROPERTY = re.compile(r"([a-z_]{1,40}): ?(.*)")
_LINK = re.compile(r":/([0-9a-f]{32})(?:#.*)?", re.DOTALL)
_SHOWN = re.compile(r"!\[[^\[\]\n]{0,500}\]\(\s*:/([0-9a-f]{32})")
MISSING_FILE = "A file that it shows is not in the export: {ids}."
_COURSES_OWN = frozenset({"id", "parent_id", "type_", "user_updated_time", "user_created_time", "created_time",
                          "updated_time", "markup_language", "encryption_applied", "encryption_cipher_text",
                          "is_shared", "share_id", "master_key_id", "conflict_original_id"})  # fmt: skip
_NOTHING = frozenset({"", "0", "0.00000000", "0.0000"})


@dataclass(frozen=True, slots=True)
class _Item:
    path: str
    title: str
    properties: Mapping[str, str]

    @property
    def id(self) -> str:
        return self.properties["id"]


def read_joplin(source: Source) -> None:
    """Turn items into notes with their files, courses and tags."""
    by_type: defaultdict[str, dict[str, _Item]] = defaultdict(dict)
    for path in list(source.names()):
        if _ID.fullmatch(stem_of(path)) and path.endswith(".md") and (item := _item(source, path)):
            by_type[item.properties["type_"]][item.id] = item
    if not by_type:
        return
    library = _Library(source, by_type[NOTEBOOK], by_type[RESOURCE], _tags(by_type))
    for item in by_type[NOTE].values():
        library.add(item)
    for items in by_type.values():
        source.use(item.path for item in items.values())


def _item(source: Source, path: str) -> _Item | None:
    """The item of a file, without its text; None when the file is none, or cannot be read."""
    try:
        text = _text(source, path)
    except BadEntry:
        text = ""
    properties = _properties(text)
    if properties.get("id") != stem_of(path) or "type_" not in properties:
        source.leave([path])  # a note of another program, or a file that is named as one that cannot be read
        return None
    return _Item(path, text.partition("\n")[0].strip(), properties)


def _text(source: Source, path: str) -> str:
    return source.text(path).replace("\r\n", "\n")


def _properties(text: str) -> dict[str, str]:
    """The lines at the end, up to the blank line that parts them from the text."""
    properties: dict[str, str] = {}
    for line in reversed(text.rstrip("\n").split("\n")):
        match = _PROPERTY.fullmatch(line)
        if match is None:
            return properties if not line.strip() else {}
        properties[match[1]] = match[2].strip()
    return properties


def _body(text: str) -> str:
    """The text without title and properties."""
    above = text.rstrip("\n").rpartition("\n\n")[0] if "\n\n" in text else ""
    return above.partition("\n\n")[2] if "\n\n" in above else ""


def _tags(by_type: Mapping[str, Mapping[str, _Item]]) -> dict[str, list[JsonValue]]:
    tags: defaultdict[str, list[JsonValue]] = defaultdict(list)
    for link in by_type.get(TAG_OF_NOTE, {}).values():
        tag = by_type.get(TAG, {}).get(link.properties.get("tag_id", ""))
        if tag and tag.title:
            tags[link.properties.get("note_id", "")].append(tag.title)
    return tags


class _Library:
    def __init__(
        self,
        source: Source,
        notebooks: Mapping[str, _Item],
        resources: Mapping[str, _Item],
        tags: Mapping[str, list[JsonValue]],
    ) -> None:
        self._source, self._notebooks, self._tags = source, notebooks, tags
        self._lost: set[str] = set()
        """Resources whose files are missing."""
        self._files = {item.id: path for item in resources.values() if (path := self._file(item))}

    def add(self, item: _Item) -> None:
        """Make the note of an item."""
        if item.properties.get("encryption_applied") == "1":
            self._source.left_out.append((item.path, ENCRYPTED))
            return
        try:
            body = _body(_text(self._source, item.path))
        except BadEntry as problem:
            self._source.left_out.append((item.path, str(problem)))
            return
        if item.properties.get("markup_language") == "2":
            body = to_markdown(body)[0]
        path = f"{PurePosixPath(item.path).parent}/{item.id}.note".removeprefix("./")
        deleted = item.properties.get("deleted_time", "0") not in _NOTHING
        fields = self._fields(item)
        if not item.title and body.strip():
            fields["title"] = body.strip().partition("\n")[0].lstrip("# ")  # as Joplin shows a note without a title
        urls = {target: url for target in links.targets(body) if (url := self._url(target))}
        known = self._files.keys() | self._lost
        lost = ", ".join(one for one in dict.fromkeys(_SHOWN.findall(body)) if one not in known)
        notice = MISSING_FILE.format(ids=lost) if lost else ""
        self._source.made.add(path, MadeNote(links.relinked(body, urls), fields, deleted, notice))

    def _fields(self, item: _Item) -> dict[str, JsonValue]:
        own = item.properties
        books = self._books(own.get("parent_id", ""))
        fields: dict[str, JsonValue] = {
            name: value for name, value in own.items() if name not in _COURSES_OWN and value not in _NOTHING
        }
        fields |= {
            "uuid": str(UUID(item.id)),
            "title": item.title,
            "course": books[0] if books else "",
            "created": own.get("user_created_time") or own.get("created_time", ""),
            "updated": own.get("user_updated_time") or own.get("updated_time", ""),
        }
        if len(books) > 1:
            fields["notebook"] = "/".join(books)
        if tags := self._tags.get(item.id):
            fields["tags"] = tags
        return fields

    def _books(self, parent_id: str) -> list[str]:
        """The notebooks around a note, the outermost first."""
        titles: list[str] = []
        known: set[str] = set()
        while parent_id in self._notebooks and parent_id not in known:
            known.add(parent_id)
            titles.insert(0, self._notebooks[parent_id].title)
            parent_id = self._notebooks[parent_id].properties.get("parent_id", "")
        return titles

    def _url(self, target: str) -> str | None:
        """What a link to an item is to lead to: its file, or its note; None for any other link."""
        match = _LINK.fullmatch(target)
        if match is None or match[1] in self._lost:
            return None
        path = self._files.get(match[1])
        return quote(path) if path else f"#/notes/{UUID(match[1])}"

    def _file(self, item: _Item) -> str | None:
        """The path of a resource's file, by the name that people know."""
        stored = self._source.named(f"{item.id}.{item.properties.get('file_extension', '')}".rstrip("."))
        if stored is None:
            self._lost.add(item.id)
            self._source.left_out.append((item.path, f"The file of this resource is missing: {item.title}."))
            return None
        name = PurePosixPath((item.properties.get("filename") or item.title).replace("\\", "/")).name
        shown = cleaned(f"{PurePosixPath(stored).parent}/{item.id}/{name or PurePosixPath(stored).name}")
        path = re.sub(r"[<>\[\]()|#^]", "_", shown or stored)
        if path != stored:
            self._source.add_alias(path, stored)
        return path
