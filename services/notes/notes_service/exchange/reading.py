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

from notechondria_shared.core.file_names import stem_of
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.body import TEXT_LIMIT
from notes_service.exchange import front_matter
from notes_service.exchange.dates import read_date
from notes_service.exchange.fields import (
    COURSE_LENGTH,
    CREATED,
    DESCRIPTION_LENGTH,
    EDITED,
    TITLE_LENGTH,
    ForeignFields,
    as_object,
    read_uuid,
)
from notes_service.exchange.limits import NO_TEXT, BadEntry

EXCALIDRAW = "It is a drawing of Excalidraw: its text is kept as the plugin wrote it."
BY_PATH = UUID("6f1c1f52-5a0c-4a52-8b0b-2f0f0c7a9f11")
_HEADING = re.compile(r"# +(.*?\S)(?:[ \t]+#+)?[ \t]*")
_OURS = ("is_public", "note_type", "metadata_json", "custom_meta", "editor_mode", "blocks")
_COMMON = frozenset({*CREATED, *EDITED, "uuid", "title", "description", "course", "tags"})
_OF_NOTES = frozenset(
    {"date_created", "last_edit", "uuid", "title", "description", "course", "attachments", "cover", "versions",
     "source_note_uuid", "deleted_at", *_OURS}
)  # fmt: skip
"""What the front matter of an export has."""
_KNOWN_FIELDS = _COMMON | _OF_NOTES


@dataclass(frozen=True, slots=True)
class NoteFile:
    """A markdown file, read. `payload` is the body of the request that would make the note."""

    name: str
    uuid: UUID
    """Of the note it stands for: its own, or made of its path."""
    course: str
    body: str
    payload: dict[str, JsonValue]
    created: datetime | None = None
    edited: datetime | None = None
    attachments: tuple[Mapping[str, JsonValue], ...] = ()
    cover: str = ""
    versions: tuple[str, ...] = ()
    """The documents that hold its versions, the oldest first."""
    source: UUID | None = None
    """The uuid of the note that it comments on."""
    deleted: bool = False
    deleted_at: datetime | None = None
    """When it was moved to the recycle bin, where the export says so."""
    notice: str = ""
    """What of it could not be taken over as it was."""
    names_course: bool = False
    """The file says its course itself."""
    is_own: bool = False
    """It is of an export of ours."""
    undescribed: bool = False
    """Its description is null, which is something else than a blank one (notes §5.4)."""

    @property
    def draft_id(self) -> str:
        """The client's id of the note made of it: by this a repeated import recognises it."""
        return draft_id_of(self.uuid)

    def notice_with(self, notice: str) -> str:
        """The notice of the file, after another one."""
        return f"{notice} {self.notice}".strip()

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
        raise BadEntry(NO_TEXT) from None
    if len(body) > TEXT_LIMIT:
        raise BadEntry(f"Its text is larger than {TEXT_LIMIT >> 20} MiB.")
    fields = _lowered(fields)
    # In the files of others the names of our own fields mean something else.
    own = fields if fields.keys() >= front_matter.OWN else {}
    return _own_note(name, own, body, root) if own else note_of_others(name, fields, body, root)


def _lowered(fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The fields, those that we know in small letters unless there is one of that name as well."""
    lowered: dict[str, JsonValue] = {}
    for key, value in fields.items():
        lower = key.lower()
        lowered[lower if lower in _KNOWN_FIELDS and lower not in fields and lower not in lowered else key] = value
    return lowered


def _own_note(name: str, own: Mapping[str, JsonValue], body: str, root: str) -> NoteFile:
    uuid = read_uuid(own.get("uuid")) or uuid5(BY_PATH, name)
    listed = own.get("attachments")
    return NoteFile(
        name=name,
        uuid=uuid,
        course=str(own["course"] or "").strip()[:COURSE_LENGTH] if "course" in own else folder_course(name, root),
        body=body,
        payload={**_payload(own), "title": _own_title(name, own, body), "client_draft_id": draft_id_of(uuid)},
        created=_timestamp(own.get("date_created")),
        edited=_timestamp(own.get("last_edit")),
        attachments=tuple(item for item in listed if isinstance(item, dict)) if isinstance(listed, list) else (),
        cover=_text(own.get("cover")),
        versions=_texts(own.get("versions")),
        source=read_uuid(own.get("source_note_uuid")),
        deleted=bool(own.get("deleted_at")),
        deleted_at=_timestamp(own.get("deleted_at")),
        names_course="course" in own,
        is_own=True,
        undescribed="description" in own and own["description"] is None,
    )


def note_of_others(name: str, fields: Mapping[str, JsonValue], body: str, root: str) -> NoteFile:
    """The note of a file of another program: nothing of its fields is dropped."""
    foreign = ForeignFields(fields)
    uuid = foreign.uuid() or uuid5(BY_PATH, name)
    title = foreign.text("title", TITLE_LENGTH)
    if not title:
        title = heading_or_name(name, body)
        if len(stem := stem_of(name).strip()) > TITLE_LENGTH and stem.startswith(title):
            foreign.rest.setdefault("title", stem)
    course = foreign.course()
    payload: dict[str, JsonValue] = {"editor_mode": "G", "title": title, "client_draft_id": draft_id_of(uuid)}
    if description := foreign.description():
        payload["description"] = description
    created, edited = foreign.timestamps()
    if tags := foreign.tags():
        payload["metadata_json"] = json.dumps({"tags": tags}, ensure_ascii=False)
    if foreign.rest:
        payload["custom_meta"] = json.dumps(foreign.rest, ensure_ascii=False)
    return NoteFile(
        name=name,
        uuid=uuid,
        course=folder_course(name, root) if course is None else course,
        body=body,
        payload=payload,
        created=created,
        edited=edited,
        names_course=course is not None,
        notice=EXCALIDRAW if "excalidraw-plugin" in fields else "",
    )


def _text(value: JsonValue) -> str:
    return value.strip() if isinstance(value, str) else ""


def _texts(value: JsonValue) -> tuple[str, ...]:
    """One text, or a list of them."""
    return tuple(text for item in (value if isinstance(value, list) else [value]) if (text := _text(item)))


def _timestamp(value: JsonValue) -> datetime | None:
    """The time that a field of ours says, never later than now."""
    at = read_date(value)
    return min(at, now()) if at else None


def _own_title(name: str, own: Mapping[str, JsonValue], body: str) -> str:
    title = own.get("title")
    if isinstance(title, str | int | float) and (text := str(title).strip()):
        return text[:TITLE_LENGTH]
    return heading_or_name(name, body)


def heading_or_name(name: str, body: str) -> str:
    """The heading that a text begins with, else the name of its file."""
    heading = _HEADING.fullmatch(body.lstrip().partition("\n")[0].rstrip())
    return (heading[1] if heading else stem_of(name).strip() or "untitled")[:TITLE_LENGTH]


def folder_course(name: str, root: str) -> str:
    """The topmost folder; a file in the vault itself has the vault's name."""
    inside = name.removeprefix(f"{root}/") if root else name
    folders = inside.split("/")[:-1]
    return (folders[0] if folders else PurePosixPath(root).name if inside != name else "").strip()[:COURSE_LENGTH]


def _payload(fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The fields of a note of our own export; those that somebody added become the user's own."""
    kept = {name: fields[name] for name in (*_OURS, "description") if fields.get(name) not in (None, "")}
    payload: dict[str, JsonValue] = {"editor_mode": "G", **kept}
    added = {name: value for name, value in fields.items() if name not in _OF_NOTES}
    for name, longest in (("title", TITLE_LENGTH), ("course", COURSE_LENGTH), ("description", DESCRIPTION_LENGTH)):
        value = fields.get(name)
        if value is not None and (not isinstance(value, str | int | float) or len(str(value).strip()) > longest):
            added[name] = value
    if "description" in added:
        payload.pop("description", None)
    if added:
        payload["custom_meta"] = json.dumps(as_object(payload.get("custom_meta")) | added, ensure_ascii=False)
    return payload
