"""What belongs to a note of an import: its files are put into the store before the note is made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from pathlib import PurePosixPath

from pydantic import JsonValue
from starlette.datastructures import UploadFile

from notechondria_contracts.fields.rules import parse_datetime
from notechondria_shared.core.errors import ApiError
from notechondria_shared.core.timestamps import now
from notechondria_shared.storage.media import MediaStore
from notechondria_shared.web.body import TEXT_LIMIT, validate
from notes_service.attachments import service as attachments
from notes_service.covers import service as covers
from notes_service.exchange import links
from notes_service.exchange.archive import Source
from notes_service.exchange.limits import BadEntry
from notes_service.exchange.outcomes import Report
from notes_service.exchange.reading import NoteFile
from notes_service.media.uploads import pieces, staged
from notes_service.versions.schemas import ExportedVersion
from notes_service.versions.service import MOST_VERSIONS

LISTS_BYTES = 16 * 1024 * 1024
"""Of the document that lists the courses."""
VERSIONS_BYTES = 3 * TEXT_LIMIT
"""Of a document of versions: one that is larger than an export's are together stands alone, and JSON escapes."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A file of the import that is in the store, but has no final path yet."""

    path: str
    origin: str
    """Its path in the import."""
    filename: str
    size: int
    content_type: str | None
    attached_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Finds them in the import; what cannot be read is among the problems, and the note goes without it.

    What is put into the store stays until `stack` ends, unless something claims it.
    """

    source: Source
    media: MediaStore
    report: Report
    dry_run: bool = False
    """Files are read, and not stored."""

    def paths(self, file: NoteFile) -> list[str]:
        """All files of the import that belong to a note."""
        listed = [item.get("path") for item in file.attachments]
        named = [name for name in (*listed, file.cover, *file.versions) if isinstance(name, str) and name]
        paths = [self.source.at(name) for name in named]
        paths += [
            links.resolve(self.source, file.name, target, by_name=not file.is_own)
            for target in links.targets(file.body)
        ]
        return [path for path in paths if path]

    def files(self, file: NoteFile) -> dict[str, str]:
        """The files that a note is to have, with the name that people know; without those that are too large."""
        named: dict[str, str] = {}
        for item in file.attachments:
            listed, name = item.get("path"), item.get("name")
            if isinstance(listed, str) and listed and (path := self.source.at(listed)):
                named[path] = name if isinstance(name, str) and name else PurePosixPath(path).name
        for target in links.targets(file.body):
            if path := links.resolve(self.source, file.name, target, by_name=not file.is_own):
                named.setdefault(path, PurePosixPath(path).name)
        return {path: name for path, name in named.items() if self.source.size(path) <= attachments.LIMIT}

    async def listed(self, stack: AsyncExitStack, file: NoteFile) -> list[tuple[Staged, str]]:
        """The attachments that our own export lists, each with the path below /media/ that it had."""
        return [one for item in file.attachments if (one := await self._listed(stack, file, item))]

    async def _listed(
        self, stack: AsyncExitStack, file: NoteFile, item: Mapping[str, JsonValue]
    ) -> tuple[Staged, str] | None:
        listed, media_path = item.get("path"), item.get("media")
        path = self._named(file, listed if isinstance(listed, str) else "")
        if path is None:
            return None
        one = await self._stage(stack, path, item.get("name"), item.get("content_type"))
        if one is None:
            return None
        date = item.get("date_created")
        at = parse_datetime(date) if isinstance(date, str) else None
        dated = replace(one, attached_at=min(at, now()) if at else None)
        return dated, media_path if isinstance(media_path, str) else ""

    async def linked(self, stack: AsyncExitStack, file: NoteFile) -> dict[str, Staged]:
        """The files that the text shows or links to, by what it says; a file that it names twice is one."""
        by_target: dict[str, Staged] = {}
        by_path: dict[str, Staged | None] = {}
        for target in await asyncio.to_thread(lambda: list(links.targets(file.body))):
            path = links.resolve(self.source, file.name, target, by_name=not file.is_own)
            if path is None:
                continue
            if path not in by_path:
                by_path[path] = await self._stage(stack, path)
            if one := by_path[path]:
                by_target[target] = one
        return by_target

    async def cover(self, stack: AsyncExitStack, file: NoteFile) -> Staged | None:
        """The cover that our own export names."""
        path = self._named(file, file.cover)
        if path is None:
            return None
        try:
            data = await asyncio.to_thread(self.source.read, path, covers.LIMIT)
            upload = UploadFile(BytesIO(data), size=len(data), filename=PurePosixPath(file.cover).name)
            _, name = await covers.checked(upload)
        except BadEntry as problem:
            self.report.error(file.cover, str(problem))
        except ApiError as refusal:
            self.report.refused(file.cover, refusal)
        else:
            if self.dry_run:
                return Staged(path, path, name, len(data), None)
            staged_path = await stack.enter_async_context(staged(self.media, pieces(upload)))
            return Staged(staged_path, path, name, len(data), None)
        return None

    async def versions(self, file: NoteFile) -> AsyncIterator[ExportedVersion]:
        """The versions that our own export has beside the note. Of several documents one at a time is in memory."""
        if len(file.versions) == 1:
            return _each([await self._history(file, file.versions[0])])
        return _each(self._history(file, name) for name in file.versions[-MOST_VERSIONS:])

    async def _history(self, file: NoteFile, name: str) -> list[ExportedVersion]:
        path = self._named(file, name)
        document = await self.document(path, VERSIONS_BYTES) if path else None
        try:
            listed = document if isinstance(document, list) else []
            versions = [validate(ExportedVersion, version) for version in listed]
        except ApiError as refusal:
            self.report.refused(name, refusal)
            return []
        return sorted(versions, key=lambda one: one.date_created)[-MOST_VERSIONS:]

    def _named(self, file: NoteFile, path: str) -> str | None:
        """The file that a note's fields name; what is not there is a loss, and named as one."""
        if not path:
            return None
        inside = self.source.at(path)
        if inside is None:
            self.report.error(path, f"It is missing: {file.name} names it as its own.")
        return inside

    async def document(self, name: str, limit: int = LISTS_BYTES) -> JsonValue:
        """A JSON document of the import, parsed; None, and among the problems, when it cannot be read."""
        document: JsonValue = None
        try:
            document = json.loads(await asyncio.to_thread(self.source.read, name, limit))
        except BadEntry as problem:
            self.report.error(name, str(problem))
        except (ValueError, RecursionError):
            self.report.error(name, "It is no JSON.")
        return document

    async def _stage(
        self, stack: AsyncExitStack, path: str, name: JsonValue = None, content_type: JsonValue = None
    ) -> Staged | None:
        size = 0

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size
            async for piece in self.source.pieces(path, attachments.LIMIT):
                size += len(piece)
                yield piece

        try:
            if self.dry_run:
                staged_path = path
                async for _ in counted():
                    pass
            else:
                staged_path = await stack.enter_async_context(staged(self.media, counted()))
        except BadEntry as problem:
            self.report.error(path, str(problem))
            return None
        shown = name if isinstance(name, str) and name else PurePosixPath(path).name
        return Staged(staged_path, path, shown, size, content_type if isinstance(content_type, str) else None)


async def _each(
    documents: Iterable[list[ExportedVersion] | Awaitable[list[ExportedVersion]]],
) -> AsyncIterator[ExportedVersion]:
    for document in documents:
        for version in document if isinstance(document, list) else await document:
            yield version
