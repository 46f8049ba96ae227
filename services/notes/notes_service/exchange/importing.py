"""Importing notes: one transaction per note, so that a broken file stops nothing.

A file stands for one note, by the uuid it carries or by its path. Importing it again leaves a note that says the same,
and updates one that says something else, with a version of what it said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from uuid import UUID, uuid4

from fastapi import Request
from pydantic import BaseModel, JsonValue
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.auth import Caller
from notechondria_shared.auth.precondition import UNCONDITIONAL
from notechondria_shared.core.errors import ApiError
from notechondria_shared.web.body import TEXT_LIMIT, validate
from notechondria_shared.web.media_url import media_url
from notes_service.attachments import service as attachments
from notes_service.authors import service as authors
from notes_service.courses import service as courses
from notes_service.courses.schemas import CreateCourse
from notes_service.covers import service as covers
from notes_service.exchange import comparing, links, queries
from notes_service.exchange.archive import MANIFEST, BadEntry, Source
from notes_service.exchange.gathering import Gatherer, Staged
from notes_service.exchange.problems import Problem, Problems
from notes_service.exchange.reading import NoteFile, draft_id_of, read_note
from notes_service.inbox.service import INBOX_DESCRIPTION, is_inbox_title
from notes_service.media.names import safe_name, shown_name, unguessable
from notes_service.media.uploads import placed
from notes_service.models import Course, Note, NoteAttachment, RecycleBinEntry
from notes_service.notes import service as notes
from notes_service.notes.queries import FOLDER
from notes_service.notes.schemas import CreateNote, UpdateNote
from notes_service.state import NotesState
from notes_service.versions import service as versions

MARKDOWN_BYTES = TEXT_LIMIT + 256 * 1024
"""Of a note: the text that the API takes, and its fields."""
_FIRST = datetime.min.replace(tzinfo=UTC)


TWIN = (
    "Another file of this import stands for the same note and says something else: this one became a note of its own."
)
BINNED = "The note was imported before and lies in the recycle bin: it was left there."
NEWER_HERE = "The note here was edited later than this file: it was left as it is."
BEFORE_IMPORT = "before_import"
"""Of the version that keeps what an import changes."""
_UPDATED = ("title", "description", "metadata_json", "custom_meta")
_Key = tuple[str, int]
"""Name and size, by which a file is known."""


@dataclass(frozen=True, slots=True)
class _Files:
    """What belongs to a note: final paths by those in the store, and the addresses of what it has already."""

    listed: list[tuple[Staged, str]]
    linked: dict[str, Staged]
    paths: dict[str, str]
    known: dict[str, str]


class _AlreadyImported(Exception):
    """Another request made the note since it was looked up."""


class Imported(BaseModel):
    """What came of an import."""

    imported: int
    updated: int
    unchanged: int
    attachments: int
    errors: list[Problem]
    notices: list[Problem]
    """What was done otherwise than the files say, and why."""


class Import:
    """One import under way."""

    def __init__(self, request: Request, state: NotesState, caller: Caller, source: Source) -> None:
        self.request, self.caller, self.source = request, caller, source
        self._media, self._database = state.media, state.database
        self.problems, self.notices = Problems(), Problems()
        self.gather = Gatherer(source, self._media, self.problems)
        self.result = Imported(imported=0, updated=0, unchanged=0, attachments=0, errors=[], notices=[])
        self._courses: dict[str, dict[str, JsonValue]] = {}
        """Courses of the export by lower-case title."""
        self._met: dict[UUID, bytes] = {}
        """What the files of this import said, by the uuid of the note they stand for."""

    async def run(self) -> Imported:
        """Import every markdown file; what cannot be imported is named with its reason."""
        for path, reason in self.source.left_out:
            self.problems.add(path, reason)
        await self._all_courses()
        later: list[tuple[bool, datetime, str]] = []
        for name in self.source.names():
            if PurePosixPath(name).suffix.lower() in links.MARKDOWN:
                file = await self._read(name)
                if file and (file.source or file.deleted):
                    # After what they comment on; its comments no longer find what is in the recycle bin.
                    later.append((file.deleted, file.created or _FIRST, name))
                elif file:
                    await self._import(file)
        for *_, name in sorted(later):
            if file := await self._read(name):
                await self._import(file)
        return self.result.model_copy(update={"errors": self.problems.problems, "notices": self.notices.problems})

    async def _read(self, name: str) -> NoteFile | None:
        """The file; None, and named among the problems, when it cannot be read."""
        try:
            data = await asyncio.to_thread(self.source.read, name, MARKDOWN_BYTES)
            return await asyncio.to_thread(read_note, name, data, self.source.root)
        except BadEntry as problem:
            self.problems.add(name, str(problem))
        except ApiError as refusal:
            self.problems.refused(name, refusal)
        return None

    async def _import(self, file: NoteFile) -> None:
        said = comparing.digest(file)
        before = self._met.setdefault(file.uuid, said)
        if before != said:
            self.notices.add(file.name, TWIN)
            file = file.apart()
        known = await self._database.reader.one(
            queries.KNOWN, user_id=self.caller.user_id, uuid=file.uuid, draft_id=file.draft_id
        )
        try:
            validate(CreateNote, {**file.payload, "content": file.body})  # before anything is stored for it
            if known is None:
                await self._make(file)
            else:
                await self._compare(file, known)
        except _AlreadyImported:
            self.result.unchanged += 1
        except ApiError as refusal:
            self.problems.refused(file.name, refusal)

    async def _compare(self, file: NoteFile, known: queries.KnownNote) -> None:
        """Leave a note that says the same, update one that does not, and name one that is left for a reason."""
        attached = await self._database.reader.all(queries.ATTACHED, note_id=known.id)
        here = comparing.in_note(known.content, attached)
        same = here == await asyncio.to_thread(comparing.in_file, file, self.source)
        if (same and known.title == file.payload["title"]) or file.deleted:
            self.result.unchanged += 1
        elif known.deleted_at is not None:
            self.result.unchanged += 1
            self.notices.add(file.name, BINNED)
        elif file.edited is not None and file.edited < known.last_edit:
            self.result.unchanged += 1
            self.notices.add(file.name, NEWER_HERE)
        else:
            await self._update(file, known, attached)

    async def _update(self, file: NoteFile, known: queries.KnownNote, attached: Sequence[queries.AttachedFile]) -> None:
        """Bring the note up to the file, its state until now kept as a version; files it has already are not added."""
        has = {(one.original_filename, one.file_size): media_url(self.request, one.file) for one in attached}
        user_id = self.caller.user_id
        async with AsyncExitStack() as stack:
            files = await self._files(stack, file, await self._folder(known.id), has)
            async with self._database.transaction() as db:
                await versions.snapshot(db, user_id, known.id, BEFORE_IMPORT, UNCONDITIONAL)
                text = await self._attached(db, known.id, file, files)
                kept = {name: file.payload[name] for name in _UPDATED if file.payload.get(name)}
                change = validate(UpdateNote, {**kept, "content": text})
                await notes.update_note(db, user_id, known.id, change, UNCONDITIONAL, quiet=True)
                if file.edited is not None:
                    (await db.get_one(Note, known.id)).last_edit = file.edited
        self.result.updated += 1
        self.result.attachments += len(files.paths)

    async def _folder(self, note_id: int) -> str:
        row = await self._database.reader.one(FOLDER, note_id=note_id)
        if row is None:
            raise _AlreadyImported  # purged meanwhile: the next import makes it anew
        return attachments.folder_of(row.creator_id, row.uuid)

    async def _files(self, stack: AsyncExitStack, file: NoteFile, folder: str, has: Mapping[_Key, str]) -> _Files:
        """Put what belongs to the note into the store, under its final name but for what the note has already.

        Before the transaction, which must not wait for the store.
        """
        listed = await self.gather.listed(stack, file)
        linked = await self.gather.linked(stack, file)
        every = dict.fromkeys([*(one for one, _ in listed), *linked.values()])
        known = {one.path: url for one in every if (url := has.get((shown_name(one.filename), one.size)))}
        paths = {
            one.path: await self._file_at(stack, one, folder, safe_name(one.filename or ""))
            for one in every
            if one.path not in known
        }
        return _Files(listed, linked, paths, known)

    async def _attached(self, db: AsyncSession, note_id: int, file: NoteFile, files: _Files) -> str:
        """Attach the files to the note; its text, which leads to them."""
        urls = dict(files.known)
        text = file.body
        for one, media_path in files.listed:
            if one.path not in urls:
                urls[one.path] = await self._attach(db, note_id, one, files.paths[one.path])
            text = links.moved(text, media_path, urls[one.path])
        for one in dict.fromkeys(files.linked.values()):
            if one.path not in urls:
                urls[one.path] = await self._attach(db, note_id, one, files.paths[one.path])
        by_target = {target: urls[one.path] for target, one in files.linked.items()}
        return await asyncio.to_thread(links.relinked, text, by_target)

    async def _make(self, file: NoteFile) -> None:
        """The note with all that belongs to it, in one transaction: it is there whole or not at all."""
        exported = await self.gather.versions(file)
        async with AsyncExitStack() as stack:
            uuid = uuid4()
            files = await self._files(stack, file, attachments.folder_of(self.caller.user_id, uuid), {})
            cover = await self.gather.cover(stack, file)
            cover_path = None
            if cover:
                cover_path = await self._file_at(stack, cover, covers.FOLDER, unguessable(cover.filename or ""))
            async with self._database.transaction() as db:
                course_id = await self._course(db, file.course)
                payload = {**file.payload, "content": file.body, "course_id": course_id}
                if file.source:
                    payload["source_note_uuid"] = str(await self._source_note(db, file.source))
                note_id, created = await notes.create(db, self.caller, validate(CreateNote, payload), uuid=uuid)
                if not created:
                    raise _AlreadyImported
                text = await self._attached(db, note_id, file, files)
                if text != file.body:
                    change = validate(UpdateNote, {"content": text})
                    await notes.update_note(db, self.caller.user_id, note_id, change, UNCONDITIONAL, quiet=True)
                if cover_path:
                    await covers.replace(db, self.caller.user_id, note_id, cover_path, UNCONDITIONAL)
                await versions.add_exported(db, self.caller.user_id, note_id, exported, UNCONDITIONAL)
                if file.deleted:
                    await notes.trash(db, self.caller.user_id, note_id, UNCONDITIONAL)
                await _date(db, note_id, file)
        self.result.imported += 1
        self.result.attachments += len(files.paths)

    async def _all_courses(self) -> None:
        """The courses of an export, also those without notes."""
        for course in await self._exported_courses():
            title = course.get("title") if isinstance(course, dict) else None
            key = title.strip().lower() if isinstance(title, str) else ""
            if isinstance(course, dict):
                self._courses[key] = course
            try:
                async with self._database.transaction() as db:
                    await self._course(db, validate(CreateCourse, {"title": title}).title)
            except ApiError as refusal:
                self._courses.pop(key, None)
                self.problems.refused(MANIFEST, refusal)

    async def _exported_courses(self) -> list[JsonValue]:
        manifest = self.source.at(MANIFEST)
        data = await self.gather.document(manifest) if manifest else None
        exported = data.get("courses") if isinstance(data, dict) and "format" in data else None
        return exported[: self.source.limits.files] if isinstance(exported, list) else []

    async def _course(self, db: AsyncSession, title: str) -> int | None:
        """The caller's course of this title, made when there is none: as the export has it, if it does."""
        if not title:
            return None
        exported = self._courses.get(title.strip().lower(), {})
        fields = {name: exported[name] for name in ("description", "icon", "color_hue") if name in exported}
        body = validate(CreateCourse, {**fields, "title": title})
        same = select(Course.id).where(
            Course.creator_id == self.caller.user_id, func.lower(Course.title) == func.lower(body.title)
        )
        course_id: int | None = await db.scalar(same)
        if course_id is None:
            # Another request of the same user may be making it: look again under the lock.
            await authors.lock_author_shared(db, self.caller.user_id, exclusive=True)
            course_id = await db.scalar(same)
        if course_id is not None and is_inbox_title(title):
            # It was there before the import: what was said of it in the export is taken over, unless something is here.
            await _describe(db, course_id, body)
        if course_id is None:
            course_id, _ = await courses.create(db, self.caller.user_id, body)
            position = exported.get("sort_order")
            if isinstance(position, int) and abs(position) < 2**31:
                (await db.get_one(Course, course_id)).sort_order = position
        return course_id

    async def _source_note(self, db: AsyncSession, uuid: UUID) -> UUID:
        """The note that a comment belongs to: the imported one, else the one of that uuid."""
        imported: UUID | None = await db.scalar(
            select(Note.uuid).where(Note.creator_id == self.caller.user_id, Note.client_draft_id == draft_id_of(uuid))
        )
        return imported or uuid

    async def _file_at(self, stack: AsyncExitStack, one: Staged, folder: str, name: str) -> str:
        return await stack.enter_async_context(placed(self._database, self._media, one.path, folder, name))

    async def _attach(self, db: AsyncSession, note_id: int, one: Staged, path: str) -> str:
        attachment_id = await attachments.attach(db, self.caller.user_id, note_id, one, path, UNCONDITIONAL)
        row = await db.get_one(NoteAttachment, attachment_id)
        return media_url(self.request, row.file)


async def _describe(db: AsyncSession, course_id: int, body: CreateCourse) -> None:
    course = await db.get_one(Course, course_id, with_for_update=True)
    if body.description and course.description in ("", None, INBOX_DESCRIPTION):
        course.description = body.description
    course.icon = body.icon if course.icon is None else course.icon
    course.color_hue = body.color_hue if course.color_hue is None else course.color_hue


async def _date(db: AsyncSession, note_id: int, file: NoteFile) -> None:
    """Set the timestamps of the note to those of its file; at last, since every change would move them."""
    note = await db.get_one(Note, note_id)
    note.date_created = file.created or note.date_created
    note.last_edit = max(file.edited or file.created or note.last_edit, note.date_created)
    if file.deleted_at and note.deleted_at:
        note.deleted_at = file.deleted_at
        await db.execute(
            update(RecycleBinEntry).where(RecycleBinEntry.note_id == note_id).values(deleted_at=file.deleted_at)
        )
