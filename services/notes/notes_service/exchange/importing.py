"""Importing notes: one transaction per note, so that a broken file stops nothing.

A file stands for one note, by the uuid it carries or by its path. Importing it again leaves a note that says the same,
and updates one that says something else, with a version of what it said.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import PurePosixPath
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel

from notechondria_shared.auth import Caller
from notechondria_shared.core.errors import ApiError
from notechondria_shared.web.body import TEXT_LIMIT, validate
from notechondria_shared.web.media_url import media_url
from notes_service.exchange import comparing, links, queries
from notes_service.exchange.archive import BadEntry, Source
from notes_service.exchange.course_import import CourseImport
from notes_service.exchange.gathering import Gatherer
from notes_service.exchange.moves import Moves
from notes_service.exchange.problems import Problem, Problems
from notes_service.exchange.reading import NoteFile, read_note
from notes_service.exchange.settling import settle
from notes_service.exchange.writing import AlreadyImported, NoteWriter
from notes_service.notes.schemas import CreateNote
from notes_service.state import NotesState

MARKDOWN_BYTES = 5 * TEXT_LIMIT
"""Of a note's file: its text, its blocks and the fields that the API takes one by one, each as large as a text."""
_FIRST = datetime.min.replace(tzinfo=UTC)


TWIN = (
    "Another file of this import stands for the same note and says something else: this one became a note of its own."
)
BINNED = "The note was imported before and lies in the recycle bin: it was left there."
NEWER_HERE = "The note here was edited later than this file: it was left as it is."


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
        self._database = state.database
        self.problems, self.notices, self.moves = Problems(), Problems(), Moves()
        gather = Gatherer(source, state.media, self.problems)
        self._courses = CourseImport(state.database, caller.user_id, gather)
        self._write = NoteWriter(request, state, caller, gather, self._courses, self.moves)
        self.result = Imported(imported=0, updated=0, unchanged=0, attachments=0, errors=[], notices=[])
        self._met: dict[UUID, bytes] = {}
        """What the files of this import said, by the uuid of the note they stand for."""
        self._known: list[tuple[str, bool]] = []
        """Files whose notes are here already, by name; True for those that became a note of their own."""

    async def run(self) -> Imported:
        """Import every markdown file; what cannot be imported is named with its reason.

        First the new notes, then those that are here already: by then it is known where everything is that they link
        to. At last links from new notes to what came after them.
        """
        for path, reason in self.source.left_out:
            self.problems.add(path, reason)
        await self._courses.all()
        await self._new_notes()
        for name, apart in self._known:
            if file := await self._read(name):
                await self._compare(file.apart() if apart else file)
        for note_id in self._write.unsettled:
            await settle(self._database, self.caller.user_id, note_id, self.moves)
        return self.result.model_copy(update={"errors": self.problems.problems, "notices": self.notices.problems})

    async def _new_notes(self) -> None:
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

    async def _known_note(self, file: NoteFile) -> queries.KnownNote | None:
        return await self._database.reader.one(
            queries.KNOWN, user_id=self.caller.user_id, uuid=file.uuid, draft_id=file.draft_id
        )

    async def _import(self, file: NoteFile) -> None:
        said = comparing.digest(file)
        apart = self._met.setdefault(file.uuid, said) != said
        if apart:
            self.notices.add(file.name, TWIN)
            file = file.apart()
        known = await self._known_note(file)
        try:
            validate(CreateNote, {**file.payload, "content": file.body})  # before anything is stored for it
            if known is None:
                self.result.attachments += await self._write.make(file)
                self.result.imported += 1
            else:
                await self._note_addresses(file, known)
                self._known.append((file.name, apart))
        except AlreadyImported:
            self.result.unchanged += 1
        except ApiError as refusal:
            self.problems.refused(file.name, refusal)

    async def _note_addresses(self, file: NoteFile, known: queries.KnownNote) -> None:
        """Note where a note that is here already has what its file lists: the files of one name in their order."""
        self.moves.notes[file.uuid] = known.uuid
        names = comparing.listed_names(file)
        if not names:
            return
        attached = await self._database.reader.all(queries.ATTACHED, note_id=known.id)
        for media_path, path in comparing.paired(names, attached):
            self.moves.files[media_path] = media_url(self.request, path)

    async def _compare(self, file: NoteFile) -> None:
        """Leave a note that says the same, update one that does not, and name one that is left for a reason."""
        known = await self._known_note(file)
        if known is None:
            self.result.unchanged += 1  # purged meanwhile: the next import makes it anew
            return
        attached = await self._database.reader.all(queries.ATTACHED, note_id=known.id)
        here = comparing.in_note(known.content, attached)
        same = here == await asyncio.to_thread(comparing.in_file, file, self.source, self.moves)
        changed = comparing.fields_changed(known, self._write.led(file.payload))
        if (same and not changed) or file.deleted:
            self.result.unchanged += 1
        elif known.deleted_at is not None:
            self.result.unchanged += 1
            self.notices.add(file.name, BINNED)
        elif file.edited is not None and file.edited < known.last_edit:
            self.result.unchanged += 1
            self.notices.add(file.name, NEWER_HERE)
        else:
            try:
                self.result.attachments += await self._write.update(file, known, attached, changed)
                self.result.updated += 1
            except AlreadyImported:
                self.result.unchanged += 1
            except ApiError as refusal:
                self.problems.refused(file.name, refusal)
