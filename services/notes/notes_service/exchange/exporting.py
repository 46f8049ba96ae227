"""Everything of a user as a zip, made while it is sent: no note and no file is whole in memory with another."""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from pathlib import PurePosixPath

from pydantic import JsonValue

from notechondria_shared.core.file_names import stem_of, suffix_of
from notechondria_shared.core.timestamps import iso_z, now
from notechondria_shared.storage.media import MediaStore
from notechondria_shared.web.zip_stream import Member
from notes_service.blocks.markdown import to_blocks
from notes_service.blocks.schemas import BlockDraft
from notes_service.courses.queries import MEDIA, CourseMediaRow
from notes_service.exchange import front_matter, queries
from notes_service.exchange.queries import (
    BlockOfNote,
    ExportedAttachment,
    ExportedCourse,
    ExportedNote,
    ExportedVersionRow,
    NoteSize,
)
from notes_service.exchange.selecting import OwnNotes, by_note
from notes_service.media.names import safe_name

FORMAT = 1
HISTORY_OCTETS = 8 * 1024 * 1024
"""Of the versions that stand in one document."""
_COURSE = ("client_course_id", "slug", "title", "description", "icon", "color_hue", "is_default", "sort_order")
_VERSION = ("title", "description", "content", "metadata_json", "editor_mode", "reason")


class Export:
    """The members of the zip: `courses.json`, `notes/<course>/<title>-<uuid>.md`, `deleted/…` for the recycle
    bin, and beside them `attachments/<uuid>/<name>`, `covers/<uuid>.<kind>`, `versions/<uuid>.json`."""

    def __init__(self, notes: OwnNotes, media: MediaStore) -> None:
        self._notes, self._read, self._media = notes, notes.read, media
        self._names: set[int] = set()

    async def members(self) -> AsyncIterator[Member]:
        """All of them, as many notes at a time as are small together."""
        async for member in self._courses():
            yield member
        async for group in self._notes.groups():
            ids = list(group.sizes)
            blocks = by_note(await self._read.all(queries.BLOCKS_OF, note_ids=ids))
            for row in group.notes:
                async for member in self._note(row, group.files[row.id], blocks[row.id], group.sizes[row.id]):
                    yield member

    async def _courses(self) -> AsyncIterator[Member]:
        rows = await self._notes.courses()
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
        self,
        row: ExportedNote,
        files: Sequence[ExportedAttachment],
        blocks: Sequence[BlockOfNote],
        size: NoteSize,
    ) -> AsyncIterator[Member]:
        histories = _histories(row, size)
        text = front_matter.write(_fields(row, files, blocks, histories), row.content)
        yield self._free(row), text.encode()
        del text
        async for member in self._versions(row, histories):
            yield member
        for file, path in zip(files, _attachment_paths(row, files), strict=True):
            async for member in self._file(path, file.file):
                yield member
        if row.cover_image:
            async for member in self._file(_cover_path(row), row.cover_image):
                yield member

    def _free(self, row: ExportedNote) -> str:
        """The path of a note, longer where another note has it, also where letter case does not count."""
        path = _note_path(row, row.uuid.hex[:8])
        if hash(path.casefold()) in self._names:
            path = _note_path(row, row.uuid.hex)
        self._names.add(hash(path.casefold()))
        return path

    async def _versions(self, row: ExportedNote, histories: Sequence[str]) -> AsyncIterator[Member]:
        """The versions of a note in one document; each in one of its own when together they are large."""
        if len(histories) == 1:
            rows = await self._read.all(queries.VERSIONS_OF, note_ids=[row.id])
            yield histories[0], json.dumps([_version(one) for one in rows], ensure_ascii=False).encode()
            return
        if not histories:
            return
        ids = await self._read.all(queries.VERSION_IDS, note_id=row.id)
        for path, version_id in zip(histories, ids, strict=False):
            if version := await self._read.one(queries.VERSION, version_id=version_id):
                yield path, json.dumps([_version(version)], ensure_ascii=False).encode()

    async def _file(self, name: str, path: str) -> AsyncIterator[Member]:
        """A stored file; nothing when the store does not have it."""
        stored = await self._media.get(path)
        if stored is not None:
            yield name, stored.chunks()


def _note_path(row: ExportedNote, suffix: str) -> str:
    top = "notes" if row.deleted_at is None else "deleted"
    folder = safe_name(row.course) if row.course else "unfiled"
    return f"{top}/{folder}/{safe_name(row.title)[:60]}-{suffix}.md"


def _attachment_paths(note: ExportedNote, files: Sequence[ExportedAttachment]) -> list[str]:
    """Where the files lie, apart also where letter case and composition do not count, as on Windows and macOS."""
    used: set[str] = set()
    paths = []
    for file in files:
        name = PurePosixPath(unicodedata.normalize("NFC", file.file)).name
        free, number = name, 2
        while free.casefold() in used:
            free, number = f"{stem_of(name)}-{number}{suffix_of(name)}", number + 1
        used.add(free.casefold())
        paths.append(f"attachments/{note.uuid.hex}/{free}")
    return paths


def _cover_path(note: ExportedNote) -> str:
    return f"covers/{note.uuid.hex}{suffix_of(note.cover_image)}"


def _histories(note: ExportedNote, size: NoteSize) -> list[str]:
    """The documents of a note's versions: one, or several when one would be large to read."""
    if size.version_octets <= HISTORY_OCTETS:
        return [f"versions/{note.uuid.hex}.json"] if size.versions else []
    return [f"versions/{note.uuid.hex}/{number:02}.json" for number in range(1, size.versions + 1)]


def _course_file(course: ExportedCourse, path: str) -> str:
    return f"courses/{course.slug}/{PurePosixPath(path).name}"


def _fields(
    row: ExportedNote,
    files: Sequence[ExportedAttachment],
    blocks: Sequence[BlockOfNote],
    histories: Sequence[str],
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
                "date_created": iso_z(file.date_created),
            }
            for file, path in zip(files, _attachment_paths(row, files), strict=True)
        ],
    }
    if row.cover_image:
        fields["cover"] = _cover_path(row)
    if histories:
        fields["versions"] = histories[0] if len(histories) == 1 else list[JsonValue](histories)
    if own := _own_blocks(row, blocks):
        fields["blocks"] = own
    if row.deleted_at is not None:
        fields["deleted_at"] = iso_z(row.deleted_at)
    return fields


def _own_blocks(row: ExportedNote, blocks: Sequence[BlockOfNote]) -> list[JsonValue]:
    """The blocks, unless they are those that an import makes of the text, the description or the title."""
    drafts = [BlockDraft(one.block_type, one.text or "", one.args, one.is_ai_generated) for one in blocks]
    made = to_blocks(row.content or row.description or "", row.title) or [BlockDraft("T", row.title)]
    if drafts in ([], made):
        return []
    return [
        {"block_type": one.block_type, "text": one.text, "args": one.args, "is_AI_generated": one.is_ai_generated}
        for one in drafts
    ]


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
