"""Writing the notes of an import: each with all that belongs to it, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from fastapi import Request
from pydantic import JsonValue
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.auth import Caller
from notechondria_shared.auth.precondition import UNCONDITIONAL
from notechondria_shared.web.body import validate
from notechondria_shared.web.media_url import media_url
from notes_service.attachments import service as attachments
from notes_service.blocks.schemas import BlockDraft
from notes_service.blocks.service import replace_blocks
from notes_service.covers import service as covers
from notes_service.exchange import comparing, import_queries, links
from notes_service.exchange.course_import import CourseImport
from notes_service.exchange.fields import DESCRIPTION_LENGTH
from notes_service.exchange.gathering import Gatherer, Staged
from notes_service.exchange.moves import Moves
from notes_service.exchange.reading import NoteFile, draft_id_of
from notes_service.media.names import safe_name, unguessable
from notes_service.media.uploads import placed
from notes_service.models import Note, NoteAttachment, RecycleBinEntry
from notes_service.notes import service as notes
from notes_service.notes.queries import FOLDER
from notes_service.notes.schemas import CreateNote, UpdateNote
from notes_service.state import NotesState
from notes_service.versions import service as versions
from notes_service.versions.schemas import ExportedVersion

BEFORE_IMPORT = "before_import"
"""Of the version that keeps what an import changes."""
_TEXTS = ("description", "metadata_json", "custom_meta")
"""Fields of a note that may hold links."""
ARGS_LENGTH = 256


class AlreadyImported(Exception):
    """Another request made the note since it was looked up, or removed it."""


@dataclass(frozen=True, slots=True)
class _Files:
    """What belongs to a note: each file with its final path, and the addresses of all by those in the store."""

    new: list[tuple[Staged, str]]
    urls: dict[str, str]
    linked: dict[str, Staged]

    def by_target(self) -> dict[str, str]:
        """The addresses of the files that the text names, by what it says."""
        return {target: self.urls[one.path] for target, one in self.linked.items()}


@dataclass(frozen=True, slots=True)
class _Texts:
    """What a file says, every link led to where its target is now."""

    body: str
    payload: dict[str, JsonValue]


class NoteWriter:
    """Makes and updates notes; `moves` learns where they and their files are."""

    def __init__(
        self,
        request: Request,
        state: NotesState,
        caller: Caller,
        gather: Gatherer,
        courses: CourseImport,
        moves: Moves,
    ) -> None:
        self._request, self._caller, self._gather, self._courses, self._moves = request, caller, gather, courses, moves
        self._media, self._database = state.media, state.database
        self._limit_mib = state.settings.user_storage_mib
        self.unsettled: list[int] = []
        """Notes that link to what was not known when they were written."""
        self.lonely: list[tuple[str, int, UUID]] = []
        """Comments whose note was not there when they were written: file, note, and the note that they are about."""

    async def make(self, file: NoteFile) -> int:
        """The note with all that belongs to it: it is there whole or not at all. The number of its files."""
        try:
            return await self._make(file)
        except BaseException:
            self._moves.forget(file.uuid, comparing.listed_names(file))
            raise

    async def _make(self, file: NoteFile) -> int:
        user_id = self._caller.user_id
        history = _History(await self._gather.versions(file), self._moves)
        async with AsyncExitStack() as stack:
            uuid = uuid4()
            files = await self._files(stack, file, attachments.folder_of(user_id, uuid), {})
            cover = await self._gather.cover(stack, file)
            cover_path = None
            if cover:
                cover_path = await self._file_at(stack, cover, covers.FOLDER, unguessable(cover.filename or ""))
            self._moves.notes[file.uuid] = uuid
            said = await asyncio.to_thread(self._said, file, files)
            links_on = self._moves.leaves_open(file.body) or self._opens(file.payload)
            async with self._database.transaction() as db:
                course_id = await self._courses.course(db, file.course)
                payload = {**said.payload, "content": said.body, "course_id": course_id}
                if file.source:
                    payload["source_note_uuid"] = str(await self._source_note(db, file.source))
                note_id, created = await notes.create(db, self._caller, validate(CreateNote, payload), uuid=uuid)
                if not created:
                    raise AlreadyImported
                if blocks := _exact_blocks(payload):
                    await replace_blocks(db, await db.get_one(Note, note_id), blocks)
                for one, path in files.new:
                    await self._attach(db, note_id, one, path)
                if cover and cover_path:
                    await covers.replace(
                        db,
                        user_id,
                        note_id,
                        cover_path,
                        UNCONDITIONAL,
                        size=cover.size or 0,
                        limit_mib=self._limit_mib,
                    )
                await versions.add_exported(db, user_id, note_id, history.led(), UNCONDITIONAL)
                if file.deleted:
                    await notes.trash(db, user_id, note_id, UNCONDITIONAL)
                await _complete(db, note_id, file)
                source_id = (await db.get_one(Note, note_id)).source_note_id
        if file.source and source_id is None:
            self.lonely.append((file.name, note_id, file.source))
        if links_on or history.leaves_open:
            self.unsettled.append(note_id)
        return len(files.new)

    async def update(
        self,
        file: NoteFile,
        known: import_queries.KnownNote,
        has: Mapping[str, str],
        changed: Mapping[str, JsonValue],
    ) -> int:
        """Bring the note up to the file, its state until now kept as a version.

        Files that it has already, by their paths in the import those below /media/, are not added.
        """
        user_id = self._caller.user_id
        async with AsyncExitStack() as stack:
            files = await self._files(stack, file, await self._folder(known.id), has)
            said = await asyncio.to_thread(self._said, file, files)
            async with self._database.transaction() as db:
                await versions.snapshot(db, user_id, known.id, BEFORE_IMPORT, UNCONDITIONAL)
                for one, path in files.new:
                    await self._attach(db, known.id, one, path)
                change = validate(UpdateNote, {**changed, "content": said.body})
                await notes.update_note(db, user_id, known.id, change, UNCONDITIONAL, quiet=True)
                note = await db.get_one(Note, known.id)
                if blocks := _exact_blocks({**said.payload, "content": said.body}):
                    await replace_blocks(db, note, blocks)
                if file.edited is not None:
                    note.last_edit = file.edited
        return len(files.new)

    async def _folder(self, note_id: int) -> str:
        row = await self._database.reader.one(FOLDER, note_id=note_id)
        if row is None:
            raise AlreadyImported  # purged meanwhile: the next import makes it anew
        return attachments.folder_of(row.creator_id, row.uuid)

    async def _files(self, stack: AsyncExitStack, file: NoteFile, folder: str, has: Mapping[str, str]) -> _Files:
        """Put what belongs to the note into the store, under its final name but for what the note has already.

        Before the transaction, which must not wait for the store.
        """
        listed = await self._gather.listed(stack, file)
        linked = await self._gather.linked(stack, file)
        new: list[tuple[Staged, str]] = []
        urls: dict[str, str] = {}
        for one in dict.fromkeys([*(one for one, _ in listed), *linked.values()]):
            path = has.get(one.origin)
            if path is None:
                path = await self._file_at(stack, one, folder, safe_name(one.filename or ""))
                new.append((one, path))
            urls[one.path] = media_url(self._request, path)
        self._moves.files |= {media_path: urls[one.path] for one, media_path in listed if media_path}
        return _Files(new, urls, linked)

    def _said(self, file: NoteFile, files: _Files) -> _Texts:
        body = links.relinked(self._moves.rewritten(file.body), files.by_target())
        return _Texts(body, self.led(file.payload))

    def led(self, said: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """The fields and blocks of a file, every link led to where its target is now."""
        payload = dict(said)
        for name in _TEXTS:
            value = payload.get(name)
            if isinstance(value, str):
                moved = self._moves.rewritten(value)
                fits = name != "description" or len(moved) <= DESCRIPTION_LENGTH
                payload[name] = moved if fits else value
        blocks = payload.get("blocks")
        if isinstance(blocks, list):
            payload["blocks"] = [self._block(block) for block in blocks]
        return payload

    def _block(self, block: JsonValue) -> JsonValue:
        if not isinstance(block, dict):
            return block
        moved = {name: self._moves.rewritten(text) for name, text in block.items() if isinstance(text, str)}
        if len(moved.get("args", "")) > ARGS_LENGTH:
            del moved["args"]
        return {**block, **moved}

    def _opens(self, payload: Mapping[str, JsonValue]) -> bool:
        """Whether the fields or blocks link to what is not known yet."""
        blocks = payload.get("blocks")
        texts: list[JsonValue] = [payload.get(name) for name in _TEXTS]
        for block in blocks if isinstance(blocks, list) else ():
            texts += block.values() if isinstance(block, dict) else ()
        return any(isinstance(text, str) and self._moves.leaves_open(text) for text in texts)

    async def _source_note(self, db: AsyncSession, uuid: UUID) -> UUID:
        """The note that a comment belongs to: the imported one, else the one of that uuid."""
        imported: UUID | None = await db.scalar(
            select(Note.uuid).where(Note.creator_id == self._caller.user_id, Note.client_draft_id == draft_id_of(uuid))
        )
        return imported or uuid

    async def _file_at(self, stack: AsyncExitStack, one: Staged, folder: str, name: str) -> str:
        return await stack.enter_async_context(placed(self._database, self._media, one.path, folder, name))

    async def _attach(self, db: AsyncSession, note_id: int, one: Staged, path: str) -> None:
        attachment_id = await attachments.attach(
            db, self._caller.user_id, note_id, one, path, UNCONDITIONAL, limit_mib=self._limit_mib
        )
        if one.attached_at:
            (await db.get_one(NoteAttachment, attachment_id)).date_created = one.attached_at


class DryRun(NoteWriter):
    """Reads and checks all that would be written, and writes nothing."""

    async def make(self, file: NoteFile) -> int:
        """The number of files that the note would get; refuses what the rules of courses and notes refuse."""
        self._moves.notes[file.uuid] = uuid4()
        self._courses.checked(file.course)
        async for _ in await self._gather.versions(file):
            pass
        async with AsyncExitStack() as stack:
            await self._gather.cover(stack, file)
            return len(await self._distinct(stack, file))

    async def update(
        self,
        file: NoteFile,
        known: import_queries.KnownNote,
        has: Mapping[str, str],
        changed: Mapping[str, JsonValue],
    ) -> int:
        """The number of files that the note would get beside those that it has."""
        async with AsyncExitStack() as stack:
            files = await self._distinct(stack, file)
        return sum(one.origin not in has for one in files)

    async def _distinct(self, stack: AsyncExitStack, file: NoteFile) -> Collection[Staged]:
        listed = await self._gather.listed(stack, file)
        linked = await self._gather.linked(stack, file)
        return dict.fromkeys([*(one for one, _ in listed), *linked.values()])


class _History:
    """The versions of a note, their links led to where the targets are now."""

    def __init__(self, versions_of_file: AsyncIterator[ExportedVersion], moves: Moves) -> None:
        self._versions, self._moves = versions_of_file, moves
        self.leaves_open = False

    async def led(self) -> AsyncIterator[ExportedVersion]:
        """One after the other."""
        async for version in self._versions:
            texts = {name: getattr(version, name) for name in ("content", "metadata_json")}
            self.leaves_open |= any(self._moves.leaves_open(text) for text in texts.values())
            yield version.model_copy(update={name: self._moves.rewritten(text) for name, text in texts.items()})


def _exact_blocks(payload: Mapping[str, JsonValue]) -> list[BlockDraft]:
    """The blocks of an export as they were stored: those made of a text have blank lines, as no request has them."""
    said = payload.get("blocks")
    checked = validate(CreateNote, payload).blocks
    texts = [one.get("text") for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    return [
        replace(draft, text=text) if isinstance(text, str) else draft
        for draft, text in zip(checked, texts, strict=False)
    ]


async def _complete(db: AsyncSession, note_id: int, file: NoteFile) -> None:
    """Set what the note cannot be made with: a null description, and at last, since every change would move them, the
    timestamps."""
    note = await db.get_one(Note, note_id)
    if file.undescribed and not note.description:
        note.description = None
    note.date_created = file.created or (min(file.edited, note.date_created) if file.edited else note.date_created)
    note.last_edit = max(file.edited or file.created or note.last_edit, note.date_created)
    if file.deleted_at and note.deleted_at:
        note.deleted_at = file.deleted_at
        await db.execute(
            update(RecycleBinEntry).where(RecycleBinEntry.note_id == note_id).values(deleted_at=file.deleted_at)
        )
