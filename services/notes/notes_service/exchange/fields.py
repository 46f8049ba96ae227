"""What the fields on top of a note's file become: what fits a column is used, all else is kept in `custom_meta`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from uuid import UUID

from pydantic import JsonValue

from notechondria_shared.core.timestamps import now
from notes_service.exchange.dates import is_ambiguous, read_date

TITLE_LENGTH, DESCRIPTION_LENGTH, COURSE_LENGTH = 100, 600, 120
CREATED = (
    "date_created", "created", "created_at", "date created", "date-created", "createdat", "creation date",
    "creation_date", "creation-date", "ctime", "date",
)  # fmt: skip
EDITED = (
    "last_edit", "updated", "modified", "updated_at", "date updated", "date modified", "date-modified", "date_modified",
    "modified_at", "updatedat", "modification date", "modification_date", "lastmod", "last modified", "last_modified",
    "mtime",
)  # fmt: skip
NOT_AN_OBJECT = "custom_meta"
"""Key of a text in `custom_meta` that is no JSON object, once there are fields beside it."""
_WIKI = re.compile(r"\[\[([^\[\]|#]+)(?:#[^\[\]|]*)?(?:\|([^\[\]]*))?\]\]")
_LINK = re.compile(r"\[([^\[\]]+)\]\([^()]*\)")


@dataclass
class ForeignFields:
    """The fields of a file that is not of ours; each that is used is taken out, the rest is the user's own."""

    fields: Mapping[str, JsonValue]
    rest: dict[str, JsonValue] = field(init=False)

    def __post_init__(self) -> None:
        self.rest = dict(self.fields)

    def text(self, name: str, longest: int) -> str:
        """A plain value that fits, or the beginning of one that is too long, which then is among the rest as well."""
        value = _single(self.rest.get(name))
        if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
            if name in self.rest and self.rest[name] in (None, ""):
                del self.rest[name]
            return ""
        text = str(value).strip()
        if len(text) <= longest and value == self.rest[name]:
            del self.rest[name]
        return text[:longest]

    def course(self) -> str | None:
        """The course that the file names, also as a link; None when it names none."""
        if "course" not in self.rest:
            return None
        value = self.rest["course"]
        plain = _linked(value)
        if plain is None or len(plain) > COURSE_LENGTH:
            return (plain or "")[:COURSE_LENGTH] or None
        del self.rest["course"]
        return plain

    def description(self) -> str:
        """A description that fits whole."""
        value = self.rest.get("description")
        if isinstance(value, str) and len(value.strip()) <= DESCRIPTION_LENGTH:
            del self.rest["description"]
            return value
        return ""

    def timestamps(self) -> tuple[datetime | None, datetime | None]:
        """When it was made and edited. What was edited before it was made, as a copied file is, keeps that as text."""
        before = dict(self.rest)
        created, edited = self.timestamp(CREATED), self.timestamp(EDITED)
        if created and edited and edited < created:
            self.rest |= {name: before[name] for name in EDITED if name in before}
            edited = None
        return created, edited

    def timestamp(self, names: Iterable[str]) -> datetime | None:
        """The first readable one, never later than now. What it does not say without doubt stays among the rest."""
        for name in names:
            value = self.rest.get(name)
            at = read_date(value)
            if at is not None:
                if at <= now() and not is_ambiguous(value):
                    del self.rest[name]
                return min(at, now())
        return None

    def uuid(self) -> UUID | None:
        """The uuid that the file carries. It names the file here, and stays readable among the rest."""
        return read_uuid(self.rest.get("uuid"))

    def tags(self) -> list[str]:
        """The tags; a value that is more than a list of words stays among the rest."""
        value = self.rest.get("tags")
        items = value if isinstance(value, list) else _words(value) if isinstance(value, str) else []
        plain = [item for item in items if isinstance(item, str | int | float) and not isinstance(item, bool)]
        if "tags" in self.rest and (value is None or isinstance(value, list | str)) and len(plain) == len(items):
            del self.rest["tags"]
        return [tag for item in plain if (tag := str(item).strip().lstrip("#"))]


def _words(text: str) -> list[JsonValue]:
    """Tags in one text: between commas where there are any, since such tags may be of several words."""
    return re.split(r"\s*,\s*(?:#)?|\s+#", text) if "," in text else re.split(r"\s+", text)


def _single(value: JsonValue) -> JsonValue:
    """The only element of a list, else the value itself."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _linked(value: JsonValue) -> str | None:
    """What a text or a link says: `[[Physics]]`, which is a list of lists where YAML reads it, `[Physics](x.md)`."""
    depth = 0
    while depth < 3 and value is not (inner := _single(value)):
        value, depth = inner, depth + 1
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    if depth == 2 and not text.startswith("["):
        text = f"[[{text}]]"
    if match := _WIKI.fullmatch(text):
        return (match[2] or PurePosixPath(match[1].strip()).name.removesuffix(".md")).strip()
    match = _LINK.fullmatch(text)
    return match[1].strip() if match else text


def read_uuid(value: JsonValue) -> UUID | None:
    """A uuid in one of its spellings."""
    try:
        return UUID(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def as_object(text: JsonValue) -> dict[str, JsonValue]:
    """What `custom_meta` holds; a text that is no JSON object keeps a key among them."""
    try:
        fields = json.loads(text) if isinstance(text, str) and text else {}
    except (ValueError, RecursionError):
        fields = text
    return fields if isinstance(fields, dict) else {NOT_AN_OBJECT: text}
