"""A plain Obsidian vault: a folder per course, readable names, relative links, properties on top.

It has what Obsidian can show: no versions, no recycle bin, no blocks.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol
from urllib.parse import quote
from uuid import UUID

import yaml
from pydantic import JsonValue

from notechondria_shared.core.file_names import suffix_of
from notechondria_shared.core.timestamps import iso_z
from notechondria_shared.storage.media import MediaStore
from notechondria_shared.web.zip_stream import Member
from notes_service.exchange.fields import as_object
from notes_service.exchange.plain_names import FileNames, NotePaths
from notes_service.exchange.queries import ExportedNote
from notes_service.exchange.references import led
from notes_service.exchange.selecting import OwnNotes

FILES = "attachments"


class ObsidianVault:
    """The members of the zip."""

    def __init__(self, notes: OwnNotes, media: MediaStore) -> None:
        self._notes, self._media = notes, media

    async def members(self) -> AsyncIterator[Member]:
        """A markdown file per note, and its files below `attachments/`."""
        paths = NotePaths(await self._notes.names())
        files = FileNames(await self._notes.files_of_full_notes())
        yield ".obsidian/app.json", json.dumps({"attachmentFolderPath": FILES, "useMarkdownLinks": True}).encode()
        async for group in self._notes.groups():
            for row in group.notes:
                path = paths.of(row.uuid)
                if path is None:
                    continue  # in the recycle bin, or made while this went on
                yield f"{path}.md", _text(row, path, paths, files).encode()
                covers = [(_cover(row), row.cover_image)] if row.cover_image else []
                for name, media in [
                    *((_file(files.of(file.file), row.uuid), file.file) for file in group.files[row.id]),
                    *covers,
                ]:
                    stored = await self._media.get(media)
                    if stored is not None:
                        yield name, stored.chunks()


def _file(name: str, note: UUID) -> str:
    return f"{FILES}/{note.hex[:12]}/{name}"


def _cover(row: ExportedNote) -> str:
    return f"{FILES}/{row.uuid.hex[:12]}-cover{suffix_of(row.cover_image)}"


def _text(row: ExportedNote, path: str, paths: NotePaths, files: FileNames) -> str:
    folder = posixpath.dirname(path) or "."

    def relative(target: str) -> str:
        return quote(posixpath.relpath(target, folder))

    def file(media_path: str, note: UUID) -> str | None:
        return relative(_file(files.of(media_path), note)) if paths.of(note) else None

    def note(uuid: UUID) -> str | None:
        other = paths.of(uuid)
        return relative(f"{other}.md") if other else None

    fields = properties(row)
    if row.cover_image:
        fields["cover"] = relative(_cover(row))
    if row.source_note_uuid and (about := paths.of(row.source_note_uuid)):
        fields["comment_on"] = f"[[{about}]]"
    return with_properties(fields, led(row.content, file, note))


class Described(Protocol):
    """What is shown of a note beside its text."""

    title: str
    description: str | None
    metadata_json: str
    custom_meta: str
    date_created: datetime
    last_edit: datetime


def properties(row: Described) -> dict[str, JsonValue]:
    """What other programs show of a note beside its text: the user's own fields, tags, dates."""
    fields: dict[str, JsonValue] = {"title": row.title}
    if row.description:
        fields["description"] = row.description
    metadata = as_object(row.metadata_json)
    if tags := metadata.get("tags"):
        fields["tags"] = tags
    own = as_object(row.custom_meta)
    fields |= {name: value for name, value in own.items() if name not in fields}
    return {**fields, "created": iso_z(row.date_created), "updated": iso_z(row.last_edit)}


def with_properties(fields: dict[str, JsonValue], text: str) -> str:
    """A markdown file with YAML on top."""
    head = yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=10_000)
    return f"---\n{head}---\n\n{text}"
