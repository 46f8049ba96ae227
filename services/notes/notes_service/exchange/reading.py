"""The note in a markdown file: of our own exports, of Obsidian, of Joplin."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath
from uuid import UUID, uuid5

from pydantic import JsonValue

from notechondria_contracts.fields.rules import parse_datetime
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.body import TEXT_LIMIT
from notes_service.exchange import front_matter
from notes_service.exchange.archive import BadEntry

TITLE_LENGTH, DESCRIPTION_LENGTH, COURSE_LENGTH = 100, 600, 120
_BY_PATH = UUID("6f1c1f52-5a0c-4a52-8b0b-2f0f0c7a9f11")
_HEADING = re.compile(r"# +(.*?\S)(?:[ \t]+#+)?[ \t]*")
_CREATED = ("date_created", "created", "created_at", "date")
_EDITED = ("last_edit", "updated", "modified", "updated_at")
_OURS = ("is_public", "note_type", "metadata_json", "custom_meta", "editor_mode", "blocks")
_COMMON = frozenset({*_CREATED, *_EDITED, "uuid", "title", "description", "course", "tags"})
_KNOWN_FIELDS = _COMMON.union(_OURS, {"attachments", "cover", "versions", "source_note_uuid", "deleted_at"})


@dataclass(frozen=True, slots=True)
class NoteFile:
    """A markdown file, read. `payload` is the body of the request that would make the note."""

    name: str
    uuid: UUID
    """Of the note it stands for: its own, or made of its path."""
    course: str
    body: str
    payload: dict[str, JsonValue]
    created: datetime | None
    edited: datetime | None
    attachments: tuple[Mapping[str, JsonValue], ...]
    cover: str
    versions: tuple[str, ...]
    """The documents that hold its versions, the oldest first."""
    source: UUID | None
    """The uuid of the note that it comments on."""
    deleted: bool
    deleted_at: datetime | None
    """When it was moved to the recycle bin, where the export says so."""

    @property
    def draft_id(self) -> str:
        """The client's id of the note made of it: by this a repeated import recognises it."""
        return draft_id_of(self.uuid)

    def apart(self) -> NoteFile:
        """The file as that of a note of its own: another file stands for the same one."""
        uuid = uuid5(self.uuid, self.name)
        return replace(self, uuid=uuid, payload={**self.payload, "client_draft_id": draft_id_of(uuid)})


def draft_id_of(uuid: UUID) -> str:
    """The client's id of a note that was imported."""
    return f"import:{uuid}"


def read_note(name: str, data: bytes, root: str) -> NoteFile:
    """A file of an import. Raises `BadEntry` when it is no text, or holds more of it than a note can."""
    try:
        fields, body = front_matter.read(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadEntry("It is no UTF-8 text.") from None
    if len(body) > TEXT_LIMIT:
        raise BadEntry(f"Its text is larger than {TEXT_LIMIT >> 20} MiB.")
    fields = {lower if (lower := key.lower()) in _KNOWN_FIELDS else key: value for key, value in fields.items()}
    uuid = _uuid(fields.get("uuid")) or uuid5(_BY_PATH, name)
    # In the files of others the names of our own fields mean something else.
    own = fields if fields.keys() >= front_matter.OWN else {}
    listed = own.get("attachments")
    payload = _payload(own) if own else _payload_of_others(fields)
    return NoteFile(
        name=name,
        uuid=uuid,
        course=_course(name, fields, root),
        body=body,
        payload={**payload, "title": _title(name, fields, body), "client_draft_id": draft_id_of(uuid)},
        created=_timestamp(fields, _CREATED),
        edited=_timestamp(fields, _EDITED),
        attachments=tuple(item for item in listed if isinstance(item, dict)) if isinstance(listed, list) else (),
        cover=_text(own.get("cover")),
        versions=_texts(own.get("versions")),
        source=_uuid(own.get("source_note_uuid")),
        deleted=bool(own.get("deleted_at")),
        deleted_at=_timestamp(own, ("deleted_at",)),
    )


def _text(value: JsonValue) -> str:
    return value.strip() if isinstance(value, str) else ""


def _texts(value: JsonValue) -> tuple[str, ...]:
    """One text, or a list of them."""
    return tuple(text for item in (value if isinstance(value, list) else [value]) if (text := _text(item)))


def _uuid(value: JsonValue) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _timestamp(fields: Mapping[str, JsonValue], names: tuple[str, ...]) -> datetime | None:
    """The first readable timestamp; a date alone is its midnight. Never later than now."""
    for name in names:
        text = _text(fields.get(name))
        at = parse_datetime(text) or parse_datetime(f"{text} 00:00")
        if at:
            return min(at, now())
    return None


def _title(name: str, fields: Mapping[str, JsonValue], body: str) -> str:
    """That of the fields, else the heading the text begins with, else the name of the file."""
    title = fields.get("title")
    if isinstance(title, str | int | float) and (text := str(title).strip()):
        return text[:TITLE_LENGTH]
    heading = _HEADING.fullmatch(body.lstrip().partition("\n")[0].rstrip())
    return (heading[1] if heading else PurePosixPath(name).stem.strip() or "untitled")[:TITLE_LENGTH]


def _course(name: str, fields: Mapping[str, JsonValue], root: str) -> str:
    """The course that the file names, else the topmost folder; a file in the vault itself has the vault's name."""
    if "course" in fields:
        return str(fields["course"] or "").strip()[:COURSE_LENGTH]
    inside = name.removeprefix(f"{root}/") if root else name
    folders = inside.split("/")[:-1]
    return (folders[0] if folders else PurePosixPath(root).name if inside != name else "").strip()[:COURSE_LENGTH]


def _payload(fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The fields of a note of our own export; those that somebody added become the user's own."""
    kept = {name: fields[name] for name in (*_OURS, "description") if fields.get(name) not in (None, "")}
    payload: dict[str, JsonValue] = {"editor_mode": "G", **kept}
    added = {name: value for name, value in fields.items() if name not in _KNOWN_FIELDS}
    if added:
        payload["custom_meta"] = json.dumps(_own_fields(payload.get("custom_meta")) | added, ensure_ascii=False)
    return payload


def _own_fields(text: JsonValue) -> dict[str, JsonValue]:
    """What `custom_meta` holds; a text that is no JSON object keeps a place among them."""
    try:
        fields = json.loads(text) if isinstance(text, str) and text else {}
    except (ValueError, RecursionError):
        fields = text
    return fields if isinstance(fields, dict) else {"custom_meta": text}


def _payload_of_others(fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Tags become metadata; what has no field here becomes the user's own fields, so that nothing is lost."""
    payload: dict[str, JsonValue] = {"editor_mode": "G"}
    rest = {name: value for name, value in fields.items() if name not in _COMMON}
    description = fields.get("description")
    if isinstance(description, str) and len(description.strip()) <= DESCRIPTION_LENGTH:
        payload["description"] = description
    elif description is not None:
        rest["description"] = description
    if tags := _tags(fields.get("tags")):
        payload["metadata_json"] = json.dumps({"tags": tags}, ensure_ascii=False)
    if rest:
        payload["custom_meta"] = json.dumps(rest, ensure_ascii=False)
    return payload


def _tags(value: JsonValue) -> list[str]:
    items = value if isinstance(value, list) else re.split(r"[,\s]+", value) if isinstance(value, str) else []
    return [tag for item in items if isinstance(item, str | int) and (tag := str(item).strip().lstrip("#"))]
