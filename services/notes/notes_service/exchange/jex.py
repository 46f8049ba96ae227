"""Joplin's JEX: a tar of items, made while it is sent (https://joplinapp.org/help/dev/spec/interop).

Courses are notebooks, files resources, tags tags. Ids are made of ours, so that the same export is the same twice.
"""

from __future__ import annotations

import tarfile
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid5

from notechondria_shared.core.file_names import suffix_of
from notechondria_shared.storage.media import MediaStore, StoredFile
from notes_service.exchange.fields import as_object
from notes_service.exchange.queries import ExportedAttachment, ExportedNote
from notes_service.exchange.references import led
from notes_service.exchange.selecting import OwnNotes

NOTE, NOTEBOOK, RESOURCE, TAG, TAG_OF_NOTE = 1, 2, 4, 5, 6
UNFILED = "Notechondria"
"""The notebook of notes without a course: Joplin has no notes without one."""
_NAMES = UUID("5b0b6a0e-0f53-4d0a-9a35-3c6d0c1b8f27")


class Jex:
    """The bytes of the tar."""

    def __init__(self, notes: OwnNotes, media: MediaStore) -> None:
        self._notes, self._media = notes, media
        self._tags: set[str] = set()
        self._has_unfiled = False

    async def stream(self) -> AsyncIterator[bytes]:
        """Notebooks, then each note with its files and tags; notes in the recycle bin and versions are left out."""
        names = await self._notes.names()
        known = {name.uuid for name in names}
        courses = {name.course or UNFILED for name in names} | {row.title for row in await self._notes.courses()}
        for title in sorted(courses):
            yield _item(_id("course", title), title, "", NOTEBOOK, parent_id="")
        async for group in self._notes.groups():
            for row in group.notes:
                if row.uuid not in known:
                    continue
                yield _note(row, known)
                for piece in self._tagged(row):
                    yield piece
                for file in group.files[row.id]:
                    stored = await self._media.get(file.file)
                    if stored is not None:
                        yield _resource(file)
                        async for piece in _member(f"resources/{_resource_id(file.file)}{_suffix(file)}", stored):
                            yield piece
        yield bytes(2 * tarfile.BLOCKSIZE)

    def _tagged(self, row: ExportedNote) -> list[bytes]:
        tags = as_object(row.metadata_json).get("tags")
        items: list[bytes] = []
        for tag in dict.fromkeys(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ():
            tag_id = _id("tag", tag)
            if tag_id not in self._tags:
                self._tags.add(tag_id)
                items.append(_item(tag_id, tag, "", TAG, parent_id=""))
            link = _id("link", f"{row.uuid}{tag}")
            items.append(_item(link, "", "", TAG_OF_NOTE, note_id=row.uuid.hex, tag_id=tag_id))
        return items


def _id(kind: str, name: str) -> str:
    return uuid5(_NAMES, f"{kind} {name}").hex


def _resource_id(media_path: str) -> str:
    return _id("file", media_path)


def _suffix(file: ExportedAttachment) -> str:
    return suffix_of(file.file)


def _note(row: ExportedNote, known: set[UUID]) -> bytes:
    def file(media_path: str, note: UUID) -> str | None:
        return f":/{_resource_id(media_path)}" if note in known else None

    def note(uuid: UUID) -> str | None:
        return f":/{uuid.hex}" if uuid in known else None

    own = as_object(row.custom_meta)
    more = {name: str(own[name]) for name in ("source_url", "author") if isinstance(own.get(name), str)}
    return _item(
        row.uuid.hex,
        row.title,
        led(row.content, file, note),
        NOTE,
        parent_id=_id("course", row.course or UNFILED),
        created_time=_time(row.date_created),
        updated_time=_time(row.last_edit),
        user_created_time=_time(row.date_created),
        user_updated_time=_time(row.last_edit),
        markup_language="1",
        is_todo="0",
        **{name: " ".join(text.split()) for name, text in more.items()},
    )


def _resource(file: ExportedAttachment) -> bytes:
    name = " ".join(file.original_filename.split())
    return _item(
        _resource_id(file.file),
        name,
        "",
        RESOURCE,
        mime=file.content_type or "application/octet-stream",
        filename=name,
        file_extension=_suffix(file).lstrip("."),
        size=str(file.file_size),
        created_time=_time(file.date_created),
    )


def _time(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _item(item_id: str, title: str, body: str, kind: int, **properties: str) -> bytes:
    """A member of the tar that is an item."""
    said: Mapping[str, str] = {"id": item_id, **properties, "encryption_applied": "0", "type_": str(kind)}
    lines = "\n".join(f"{name}: {value}" for name, value in said.items())
    text = "\n\n".join(part for part in (" ".join(title.split()), body, lines) if part)
    data = text.encode()
    return _header(f"{item_id}.md", len(data)) + data + _padding(len(data))


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member.tobuf(tarfile.USTAR_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


async def _member(name: str, stored: StoredFile) -> AsyncIterator[bytes]:
    """A file, exactly as long as its header says: a tar has no other end of a member."""
    left = stored.size
    yield _header(name, left)
    async for chunk in stored.chunks():
        yield chunk[:left]
        left -= len(chunk[:left])
    yield bytes(left) + _padding(stored.size)
