"""Importing notes: one transaction per note, so that a broken file stops nothing.

A file stands for one note, by the uuid it carries or by its path. Importing it again leaves a note that says the same,
and updates one that says something else, with a version of what it said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from uuid import UUID

from fastapi import Request

from notechondria_shared.auth import Caller
from notechondria_shared.core.errors import ApiError
from notechondria_shared.web.body import TEXT_LIMIT, validate
from notechondria_shared.web.media_url import media_url
from notes_service.exchange import comparing, links, queries
from notes_service.exchange.archive import BadEntry, Source
from notes_service.exchange.course_import import CourseImport
from notes_service.exchange.gathering import Gatherer
from notes_service.exchange.moves import Moves
from notes_service.exchange.outcomes import Imported, Report
from notes_service.exchange.reading import NoteFile, read_note
from notes_service.exchange.settling import settle
from notes_service.exchange.writing import AlreadyImported, DryRun, NoteWriter
from notes_service.import_jobs import OnProgress
from notes_service.notes.schemas import CreateNote
from notes_service.state import NotesState

MARKDOWN_BYTES = 5 * TEXT_LIMIT
"""Of a note's file: its text, its blocks and the fields that the API takes one by one, each as large as a text."""
_FIRST = datetime.min.replace(tzinfo=UTC)


TWIN = (
    "Another file of this import stands for the same note and says something else: this one became a note of its own."
)
BINNED = "The note was imported before and lies in the recycle bin: it was left there."
NOT_USED = "No note shows it or links to it: nothing was made of it."
NEWER_HERE = "The note here was edited later than this file: it was left as it is."


class Import:
    """One import under way. A dry run does all of it but the writing."""

    def __init__(
        self, request: Request, state: NotesState, caller: Caller, source: Source, *, dry_run: bool = False
    ) -> None:
        self.request, self.caller, self.source = request, caller, source
        self._database = state.database
        self.report, self.moves = Report(dry_run=dry_run), Moves()
        self._gather = Gatherer(source, state.media, self.report, dry_run)
        self._courses = CourseImport(state.database, caller.user_id, self._gather, dry_run=dry_run)
        writer = DryRun if dry_run else NoteWriter
        self._write = writer(request, state, caller, self._gather, self._courses, self.moves)
        self._met: dict[UUID, bytes] = {}
        """What the files of this import said, by the uuid of the note they stand for."""
        self._known: list[tuple[str, bool]] = []
        """Files whose notes are here already, by name; True for those that became a note of their own."""
        self._done = self._total = 0

    async def run(self, on_progress: OnProgress | None = None) -> Imported:
        """Import every markdown file; what cannot be imported is named with its reason.

        First the new notes, then those that are here already: by then it is known where everything is that they link
        to. At last links from new notes to what came after them.
        """
        for path, reason in self.source.left_out:
            self.report.error(path, reason)
        names = [name for name in self.source.names() if PurePosixPath(name).suffix.lower() in links.MARKDOWN]
        self._on_progress, self._total = on_progress, len(names)
        await self._courses.all()
        await self._new_notes(names)
        for name, apart in self._known:
            if file := await self._read(name):
                await self._compare(file.apart() if apart else file, TWIN if apart else "")
            await self._advance()
        for note_id in self._write.unsettled:
            await settle(self._database, self.caller.user_id, note_id, self.moves)
        for name in self.source.unused():
            self.report.not_used(name, NOT_USED)
        return self.report.answer()

    async def run_later(self, on_progress: OnProgress) -> str:
        """As `run`; the answer as JSON."""
        return (await self.run(on_progress)).model_dump_json()

    async def _advance(self) -> None:
        self._done += 1
        if self._on_progress:
            await self._on_progress(self._done, self._total)

    async def _new_notes(self, names: Sequence[str]) -> None:
        later: list[tuple[bool, datetime, str]] = []
        for name in names:
            file = await self._read(name)
            if file and (file.source or file.deleted):
                # After what they comment on; its comments no longer find what is in the recycle bin.
                later.append((file.deleted, file.created or _FIRST, name))
            else:
                await self._import(file)
        for *_, name in sorted(later):
            await self._import(await self._read(name))

    async def _read(self, name: str) -> NoteFile | None:
        """The file; None, and named among the problems, when it cannot be read."""
        try:
            data = await asyncio.to_thread(self.source.read, name, MARKDOWN_BYTES)
            return await asyncio.to_thread(read_note, name, data, self.source.root)
        except BadEntry as problem:
            self.report.error(name, str(problem))
        except ApiError as refusal:
            self.report.refused(name, refusal)
        return None

    async def _known_note(self, file: NoteFile) -> queries.KnownNote | None:
        return await self._database.reader.one(
            queries.KNOWN, user_id=self.caller.user_id, uuid=file.uuid, draft_id=file.draft_id
        )

    async def _import(self, file: NoteFile | None) -> None:
        """Make the note of a file, or put the file aside when there is one already."""
        if file and await self._is_known(file):
            return
        await self._advance()

    async def _is_known(self, file: NoteFile) -> bool:
        said = comparing.digest(file)
        apart = self._met.setdefault(file.uuid, said) != said
        if apart:
            file = file.apart()
        known = await self._known_note(file)
        try:
            validate(CreateNote, {**file.payload, "content": file.body})  # before anything is stored for it
            if known:
                await self._note_addresses(file, known)
                self._known.append((file.name, apart))
                return True
            self.report.created(file.name, await self._write.make(file), TWIN if apart else "")
        except AlreadyImported:
            self.report.unchanged(file.name)
        except ApiError as refusal:
            self.report.refused(file.name, refusal)
        return False

    async def _note_addresses(self, file: NoteFile, known: queries.KnownNote) -> None:
        """Note where a note that is here already has what its file lists: the files of one name in their order."""
        self.moves.notes[file.uuid] = known.uuid
        names = comparing.listed_names(file)
        if not names:
            return
        attached = await self._database.reader.all(queries.ATTACHED, note_id=known.id)
        for media_path, path in comparing.paired(names, attached):
            self.moves.files[media_path] = media_url(self.request, path)

    async def _compare(self, file: NoteFile, notice: str) -> None:
        """Leave a note that says the same, update one that does not, and name one that is left for a reason."""
        known = await self._known_note(file)
        if known is None:
            self.report.unchanged(file.name)  # purged meanwhile: the next import makes it anew
            return
        attached = await self._database.reader.all(queries.ATTACHED, note_id=known.id)
        here = comparing.in_note(known.content, attached)
        same = here == await asyncio.to_thread(comparing.in_file, file, self.source, self.moves)
        changed = comparing.fields_changed(known, self._write.led(file.payload))
        self.source.use(await asyncio.to_thread(self._gather.paths, file))
        if (same and not changed) or file.deleted:
            self.report.unchanged(file.name, notice)
        elif known.deleted_at is not None:
            self.report.left(file.name, f"{notice} {BINNED}".strip())
        elif file.edited is not None and file.edited < known.last_edit:
            self.report.left(file.name, f"{notice} {NEWER_HERE}".strip())
        else:
            try:
                self.report.updated(file.name, await self._write.update(file, known, attached, changed), notice)
            except AlreadyImported:
                self.report.unchanged(file.name, notice)
            except ApiError as refusal:
                self.report.refused(file.name, refusal)
