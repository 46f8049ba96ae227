"""Everything of a user as a zip, made while it is sent: no note and no file is whole in memory with another."""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from pathlib import PurePosixPath
from typing import Protocol, TypeVar

from pydantic import JsonValue

from notechondria_shared.core.timestamps import iso_z, now
from notechondria_shared.db import Reader
from notechondria_shared.storage.media import MediaStore
from notechondria_shared.web.zip_stream import Member
from notes_service.courses.queries import MEDIA, CourseMediaRow
from notes_service.exchange import front_matter, queries
from notes_service.exchange.queries import ExportedAttachment, ExportedCourse, ExportedNote, ExportedVersionRow
from notes_service.media.names import safe_name

FORMAT = 1
_COURSE = ("client_course_id", "slug", "title", "description", "icon", "color_hue", "is_default", "sort_order")
_VERSION = ("title", "description", "content", "metadata_json", "editor_mode", "reason")


class Export:
    """The members of the zip: `courses.json`, `notes/<course>/<title>-<uuid>.md`, `deleted/…` for the recycle
    bin, and beside them `attachments/<uuid>/<name>`, `covers/<uuid>.<kind>`, `versions/<uuid>.json`."""

    def __init__(self, read: Reader, media: MediaStore, user_id: int) -> None:
        self._read, self._media, self._user_id = read, media, user_id

    async def members(self) -> AsyncIterator[Member]:
        """All of them, a page of notes at a time."""
        async for member in self._courses():
            yield member
        after = 0
        while rows := await self._read.all(queries.PAGE_OF_NOTES, user_id=self._user_id, after=after):
            after = rows[-1].id
            ids = [row.id for row in rows]
            files = _grouped(await self._read.all(queries.ATTACHMENTS_OF, note_ids=ids))
            versions = _grouped(await self._read.all(queries.VERSIONS_OF, note_ids=ids))
            for row in rows:
                async for member in self._note(row, files[row.id], versions[row.id]):
                    yield member

    async def _courses(self) -> AsyncIterator[Member]:
        rows = await self._read.all(queries.COURSES, user_id=self._user_id)
        pictures: defaultdict[int, list[CourseMediaRow]] = defaultdict(list)
        for picture in await self._read.all(MEDIA, course_ids=[row.id for row in rows]):
            pictures[picture.course_id].append(picture)
        courses = [_course(row, pictures[row.id]) for row in rows]
        about = {"format": FORMAT, "exported_at": iso_z(now()), "courses": courses}
        yield "courses.json", json.dumps(about, ensure_ascii=False, indent=1).encode()
        for row in rows:
            stored = [row.cover_image, *(picture.image for picture in pictures[row.id])]
            for path in filter(None, dict.fromkeys(stored)):
                async for member in self._file(_course_file(row, path), path):
                    yield member

    async def _note(
        self, row: ExportedNote, files: Sequence[ExportedAttachment], versions: Sequence[ExportedVersionRow]
    ) -> AsyncIterator[Member]:
        yield _note_path(row), front_matter.write(_fields(row, files, versions), row.content).encode()
        if versions:
            yield _versions_path(row), json.dumps([_version(one) for one in versions], ensure_ascii=False).encode()
        for file, path in zip(files, _attachment_paths(row, files), strict=True):
            async for member in self._file(path, file.file):
                yield member
        if row.cover_image:
            async for member in self._file(_cover_path(row), row.cover_image):
                yield member

    async def _file(self, name: str, path: str) -> AsyncIterator[Member]:
        """A stored file; nothing when the store does not have it."""
        stored = await self._media.get(path)
        if stored is not None:
            yield name, stored.chunks()


class _OfNote(Protocol):
    @property
    def note_id(self) -> int: ...


OfNote = TypeVar("OfNote", bound=_OfNote)


def _grouped(rows: Sequence[OfNote]) -> defaultdict[int, list[OfNote]]:
    groups: defaultdict[int, list[OfNote]] = defaultdict(list)
    for row in rows:
        groups[row.note_id].append(row)
    return groups


def _note_path(row: ExportedNote) -> str:
    top = "notes" if row.deleted_at is None else "deleted"
    folder = safe_name(row.course) if row.course else "unfiled"
    return f"{top}/{folder}/{safe_name(row.title)[:60]}-{row.uuid.hex[:8]}.md"


def _attachment_paths(note: ExportedNote, files: Sequence[ExportedAttachment]) -> list[str]:
    """Where the files lie, apart also where letter case and composition do not count, as on Windows and macOS."""
    used: set[str] = set()
    paths = []
    for file in files:
        name = PurePosixPath(unicodedata.normalize("NFC", file.file)).name
        free, number = name, 2
        while free.casefold() in used:
            free, number = f"{PurePosixPath(name).stem}-{number}{PurePosixPath(name).suffix}", number + 1
        used.add(free.casefold())
        paths.append(f"attachments/{note.uuid.hex}/{free}")
    return paths


def _cover_path(note: ExportedNote) -> str:
    return f"covers/{note.uuid.hex}{PurePosixPath(note.cover_image).suffix}"


def _versions_path(note: ExportedNote) -> str:
    return f"versions/{note.uuid.hex}.json"


def _course_file(course: ExportedCourse, path: str) -> str:
    return f"courses/{course.slug}/{PurePosixPath(path).name}"


def _fields(
    row: ExportedNote, files: Sequence[ExportedAttachment], versions: Sequence[ExportedVersionRow]
) -> dict[str, JsonValue]:
    """The front matter: `deleted_at` marks a deleted note, `media` is a file's path, as links have it."""
    source = row.source_note_uuid
    fields: dict[str, JsonValue] = {
        "uuid": str(row.uuid),
        "title": row.title,
        "description": row.description,
        "course": row.course,
        "is_public": row.is_public,
        "editor_mode": row.editor_mode,
        "note_type": row.note_type,
        "source_note_uuid": None if source is None else str(source),
        "metadata_json": row.metadata_json,
        "custom_meta": row.custom_meta,
        "date_created": iso_z(row.date_created),
        "last_edit": iso_z(row.last_edit),
        "attachments": [
            {
                "path": path,
                "name": file.original_filename,
                "content_type": file.content_type,
                "media": file.file,
            }
            for file, path in zip(files, _attachment_paths(row, files), strict=True)
        ],
    }
    if row.cover_image:
        fields["cover"] = _cover_path(row)
    if versions:
        fields["versions"] = _versions_path(row)
    if row.deleted_at is not None:
        fields["deleted_at"] = iso_z(row.deleted_at)
    return fields


def _version(row: ExportedVersionRow) -> dict[str, JsonValue]:
    return {**{name: getattr(row, name) for name in _VERSION}, "date_created": iso_z(row.date_created)}


def _course(row: ExportedCourse, pictures: Sequence[CourseMediaRow]) -> dict[str, JsonValue]:
    course: dict[str, JsonValue] = {name: getattr(row, name) for name in _COURSE}
    if row.cover_image:
        course["cover"] = _course_file(row, row.cover_image)
    if pictures:
        course["media"] = [
            {
                "title": picture.title,
                "description": picture.description,
                "source": picture.source,
                "path": _course_file(row, picture.image) if picture.image else "",
            }
            for picture in pictures
        ]
    return course
