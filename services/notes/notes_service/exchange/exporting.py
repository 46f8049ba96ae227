"""Everything of a user as a zip, made while it is sent: no note and no file is whole in memory with another."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import Any

from notechondria_shared.database import Reader
from notechondria_shared.database.tables import Row
from notechondria_shared.storage import MediaStore
from notechondria_shared.timestamps import iso_z, now
from notes_service.exchange import front_matter, queries
from notes_service.media.names import safe_name

FORMAT = 1


class _Pipe(io.RawIOBase):
    """What the zip writer writes to: takes bytes, cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self._chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._chunks.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last call."""
        chunks, self._chunks = self._chunks, []
        return b"".join(chunks)


async def export(read: Reader, media: MediaStore, user_id: int) -> AsyncIterator[bytes]:
    """The zip in pieces: `courses.json`, `notes/<course>/<title>-<uuid>.md`, `attachments/<uuid>/<name>`."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        courses = [_course(row) for row in await read.all(queries.COURSES, user_id=user_id)]
        about = {"format": FORMAT, "exported_at": iso_z(now()), "courses": courses}
        archive.writestr("courses.json", json.dumps(about, ensure_ascii=False, indent=1))
        after = 0
        while rows := await read.all(queries.LIVE_PAGE, user_id=user_id, after=after):
            after = rows[-1]["id"]
            files = defaultdict(list)
            for file in await read.all(queries.ATTACHMENTS_OF, note_ids=[row["id"] for row in rows]):
                files[file["note_id"]].append(file)
            for row in rows:
                await asyncio.to_thread(archive.writestr, _note_path(row), _note_text(row, files[row["id"]]))
                yield pipe.taken()
                for file in files[row["id"]]:
                    async for piece in _attachment(archive, pipe, media, row, file):
                        yield piece
    yield pipe.taken()


async def _attachment(
    archive: zipfile.ZipFile, pipe: _Pipe, media: MediaStore, note: Row, file: Row
) -> AsyncIterator[bytes]:
    stored = await media.get(file["file"])
    if stored is None:
        return
    member = zipfile.ZipInfo(_attachment_path(note, file), now().timetuple()[:6])
    with archive.open(member, "w") as out:  # stored as it is: most attachments are compressed already
        async for chunk in stored.chunks():
            out.write(chunk)
            yield pipe.taken()
    yield pipe.taken()


def _note_path(row: Row) -> str:
    folder = safe_name(row["course"]) if row["course"] else "unfiled"
    return f"notes/{folder}/{safe_name(row['title'])[:60]}-{row['uuid'].hex[:8]}.md"


def _attachment_path(note: Row, file: Row) -> str:
    return f"attachments/{note['uuid'].hex}/{PurePosixPath(file['file']).name}"


def _note_text(row: Row, files: list[Row]) -> str:
    source = row["source_note_uuid"]
    fields = {
        "uuid": str(row["uuid"]),
        "title": row["title"],
        "description": row["description"],
        "course": row["course"],
        "is_public": row["is_public"],
        "editor_mode": row["editor_mode"],
        "note_type": row["note_type"],
        "source_note_uuid": None if source is None else str(source),
        "metadata_json": row["metadata_json"],
        "custom_meta": row["custom_meta"],
        "date_created": iso_z(row["date_created"]),
        "last_edit": iso_z(row["last_edit"]),
        "attachments": [
            {
                "path": _attachment_path(row, file),
                "name": file["original_filename"],
                "content_type": file["content_type"],
            }
            for file in files
        ],
    }
    return front_matter.write(fields, row["content"])


def _course(row: Row) -> dict[str, Any]:
    return {
        name: row[name]
        for name in ("client_course_id", "slug", "title", "description", "icon", "is_default", "sort_order")
    }
