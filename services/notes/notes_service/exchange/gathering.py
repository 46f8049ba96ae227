"""What belongs to a note of an import: its files are put into the store before the note is made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath

from pydantic import JsonValue
from starlette.datastructures import UploadFile

from notechondria_shared.core.errors import ApiError
from notechondria_shared.storage.media import MediaStore
from notechondria_shared.web.body import validate
from notes_service.attachments import service as attachments
from notes_service.covers import service as covers
from notes_service.exchange import links
from notes_service.exchange.archive import BadEntry, Source
from notes_service.exchange.problems import Problems
from notes_service.exchange.reading import NoteFile
from notes_service.media.uploads import pieces, staged
from notes_service.versions.schemas import ExportedVersion

LISTS_BYTES = 16 * 1024 * 1024
"""Of the documents that list courses or versions."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A file of the import that is in the store, but has no final path yet."""

    path: str
    filename: str
    size: int
    content_type: str | None


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Finds them in the import; what cannot be read is among the problems, and the note goes without it.

    What is put into the store stays until `stack` ends, unless something claims it.
    """

    source: Source
    media: MediaStore
    problems: Problems

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
        return None if one is None else (one, media_path if isinstance(media_path, str) else "")

    async def linked(self, stack: AsyncExitStack, file: NoteFile) -> dict[str, Staged]:
        """The files that the text shows or links to, by what it says; a file that it names twice is one."""
        by_target: dict[str, Staged] = {}
        by_path: dict[str, Staged | None] = {}
        for target in await asyncio.to_thread(lambda: list(links.targets(file.body))):
            path = links.resolve(self.source, file.name, target)
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
            self.problems.add(file.cover, str(problem))
        except ApiError as refusal:
            self.problems.refused(file.cover, refusal)
        else:
            staged_path = await stack.enter_async_context(staged(self.media, pieces(upload)))
            return Staged(staged_path, name, len(data), None)
        return None

    async def versions(self, file: NoteFile) -> list[ExportedVersion]:
        """The versions that our own export has beside the note."""
        path = self._named(file, file.versions)
        if path is None:
            return []
        document = await self.document(path)
        try:
            return [validate(ExportedVersion, version) for version in (document if isinstance(document, list) else [])]
        except ApiError as refusal:
            self.problems.refused(file.versions, refusal)
            return []

    def _named(self, file: NoteFile, path: str) -> str | None:
        """The file that a note's fields name; what is not there is a loss, and named as one."""
        if not path:
            return None
        inside = self.source.at(path)
        if inside is None:
            self.problems.add(path, f"It is missing: {file.name} names it as its own.")
        return inside

    async def document(self, name: str) -> JsonValue:
        """A JSON document of the import, parsed; None, and among the problems, when it cannot be read."""
        document: JsonValue = None
        try:
            document = json.loads(await asyncio.to_thread(self.source.read, name, LISTS_BYTES))
        except BadEntry as problem:
            self.problems.add(name, str(problem))
        except (ValueError, RecursionError):
            self.problems.add(name, "It is no JSON.")
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
            staged_path = await stack.enter_async_context(staged(self.media, counted()))
        except BadEntry as problem:
            self.problems.add(path, str(problem))
            return None
        shown = name if isinstance(name, str) and name else PurePosixPath(path).name
        return Staged(staged_path, shown, size, content_type if isinstance(content_type, str) else None)
