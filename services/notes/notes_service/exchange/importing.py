"""Importing notes: one transaction per note, so that a broken file stops nothing.

A file stands for one note, by the uuid it carries or by its path. Importing it again leaves a note that says the same,
and updates one that says something else, with a version of what it said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from uuid import UUID

from fastapi import Request

from notechondria_shared.auth import Caller
from notechondria_shared.core.errors import ApiError
from notechondria_shared.web.body import validate
from notechondria_shared.web.media_url import media_url
from notes_service.exchange import comparing, import_queries
from notes_service.exchange.archive import Source
from notes_service.exchange.course_import import CourseImport
from notes_service.exchange.earlier import learn
from notes_service.exchange.gathering import Gatherer
from notes_service.exchange.limits import BadEntry
from notes_service.exchange.moves import Moves
from notes_service.exchange.note_files import KEPT_FOR_THEMSELVES, note_file, note_names
from notes_service.exchange.outcomes import Imported, Report
from notes_service.exchange.reading import NoteFile
from notes_service.exchange.settling import join_comment, settle
from notes_service.exchange.stored import StoredFiles
from notes_service.exchange.writing import AlreadyImported, DryRun, NoteWriter
from notes_service.import_jobs import OnProgress
from notes_service.notes.schemas import CreateNote
from notes_service.state import NotesState

TWIN = (
    "Another file of this import stands for the same note and says something else: this one became a note of its own."
)
BINNED = "The note was imported before and lies in the recycle bin: it was left there."
NEWER_HERE = "The note here was edited later than this file: it was left as it is."
NOT_USED = "No note shows it or links to it: nothing was made of it."
THROWN_AWAY = "It lies in the trash of the vault: move it out of there to import it."
NOT_ABOUT = "The note that it comments on is not here: it stays a comment on none."
NOTHING = "Nothing in it can be imported: there is no note in a form that is known (docs/notes.md names them)."


class Import:
    """One import under way, of one or several sources. A dry run does all of it but the writing."""

    def __init__(
        self, request: Request, state: NotesState, caller: Caller, sources: Sequence[Source], *, dry_run: bool = False
    ) -> None:
        self._report, self._moves = Report(dry_run=dry_run), Moves()
        self._met: dict[UUID, bytes] = {}
        """What the files of this import said, by the uuid of the note they stand for."""
        self._parts = [_Part(request, state, caller, self, source, dry_run=dry_run) for source in sources]
        self._done = self._total = 0
        self._on_progress: OnProgress | None = None

    @property
    def report(self) -> Report:
        """Where outcomes are collected."""
        return self._report

    @property
    def moves(self) -> Moves:
        """Where everything is now that the sources point to."""
        return self._moves

    async def run(self, on_progress: OnProgress | None = None) -> Imported:
        """Import every note; what cannot be imported is named with its reason.

        First the new notes, then those that are here already: by then it is known where everything is that they link
        to. At last links from new notes to what came after them.
        """
        self._on_progress = on_progress
        self._total = sum(len(part.names) for part in self._parts)
        for part in self._parts:
            await part.new_notes()
        for part in self._parts:
            await part.known_notes()
        for part in self._parts:
            await part.kept_for_themselves()
        for part in self._parts:
            await part.settle_links()
            part.name_unused()
        return self._report.answer()

    async def run_later(self, on_progress: OnProgress) -> str:
        """As `run`; the answer as JSON."""
        return (await self.run(on_progress)).model_dump_json()

    async def advance(self) -> None:
        """One more file is done."""
        self._done += 1
        if self._on_progress:
            await self._on_progress(self._done, self._total)

    def is_twin(self, file: NoteFile) -> bool:
        """Whether another file stood for the same note before, and said something else."""
        said = comparing.digest(file)
        return self._met.setdefault(file.uuid, said) != said


class _Part:
    """One source of an import."""

    def __init__(
        self, request: Request, state: NotesState, caller: Caller, whole: Import, source: Source, *, dry_run: bool
    ) -> None:
        self._request, self._caller, self._whole, self._source = request, caller, whole, source
        self._stored = StoredFiles(source, state.media)
        self._database, self._report, self._moves = state.database, whole.report, whole.moves
        self._gather = Gatherer(source, state.media, self._report, dry_run)
        self._courses = CourseImport(state.database, caller.user_id, self._gather, dry_run=dry_run)
        writer = DryRun if dry_run else NoteWriter
        self._write = writer(request, state, caller, self._gather, self._courses, self._moves)
        self._known: list[tuple[str, bool]] = []
        """Files whose notes are here already, by name; True for those that became a note of their own."""
        self.names = note_names(source)

    async def new_notes(self) -> None:
        """Make the notes that are not here yet."""
        for path, reason in self._source.left_out:
            self._report.error(path, reason)
        await self._courses.all()
        later: list[tuple[bool, str, str]] = []
        for name in self.names:
            file = await self._read(name)
            if file and (file.source or file.deleted):
                # After what they comment on; its comments no longer find what is in the recycle bin.
                later.append((file.deleted, file.created.isoformat() if file.created else "", name))
            else:
                await self._import(file)
        for *_, name in sorted(later):
            await self._import(await self._read(name))

    async def known_notes(self) -> None:
        """Compare the notes that are here with their files."""
        for name, apart in self._known:
            if file := await self._read(name):
                await self._compare(file.apart() if apart else file, file.notice_with(TWIN if apart else ""))
            await self._whole.advance()
        self._known.clear()

    async def kept_for_themselves(self) -> None:
        """Drawings and tables that no note shows become notes of their own, with the file."""
        paths = [path for path in self._source.unused() if KEPT_FOR_THEMSELVES.fullmatch(path)]
        for path in paths:
            await self._import(await self._read(path))
        await self.known_notes()
        if not (self.names or paths or self._source.is_own or self._source.left_out):
            self._report.error(self._source.label, NOTHING)

    async def settle_links(self) -> None:
        """Lead links to what came after the note that has them, and join comments to what they are about."""
        for note_id in self._write.unsettled:
            await settle(self._database, self._caller.user_id, note_id, self._moves)
        for name, note_id, about in self._write.lonely:
            if not await join_comment(self._database, self._caller.user_id, note_id, about):
                self._report.noticed(name, NOT_ABOUT)

    def name_unused(self) -> None:
        """List the files of which nothing was made."""
        for name in self._source.in_trash:
            self._report.not_used(name, THROWN_AWAY)
        for name in self._source.unused():
            self._report.not_used(name, NOT_USED)

    async def _read(self, name: str) -> NoteFile | None:
        """The file; None, and named among the problems, when it cannot be read."""
        try:
            return await asyncio.to_thread(note_file, self._source, name)
        except BadEntry as problem:
            self._report.error(name, str(problem))
        except ApiError as refusal:
            self._report.refused(name, refusal)
        return None

    async def _known_note(self, file: NoteFile) -> import_queries.KnownNote | None:
        return await self._database.reader.one(
            import_queries.KNOWN, user_id=self._caller.user_id, uuid=file.uuid, draft_id=file.draft_id
        )

    async def _import(self, file: NoteFile | None) -> None:
        """Make the note of a file, or put the file aside when there is one already."""
        if file and await self._is_known(file):
            return
        await self._whole.advance()

    async def _is_known(self, file: NoteFile) -> bool:
        apart = self._whole.is_twin(file)
        if apart:
            file = file.apart()
        known = await self._known_note(file)
        try:
            validate(CreateNote, {**file.payload, "content": file.body})  # before anything is stored for it
            if known:
                await self._note_addresses(file, known)
                self._known.append((file.name, apart))
                return True
            await self._learn(file)
            notice = file.notice_with(TWIN if apart else "")
            self._report.created(file.name, await self._write.make(file), notice)
        except AlreadyImported:
            self._report.unchanged(file.name)
        except ApiError as refusal:
            self._report.refused(file.name, refusal)
        return False

    async def _note_addresses(self, file: NoteFile, known: import_queries.KnownNote) -> None:
        """Note where a note that is here already has what its file lists: the files of one name in their order."""
        self._moves.notes[file.uuid] = known.uuid
        names = comparing.listed_names(file)
        if not names:
            return
        attached = await self._database.reader.all(import_queries.ATTACHED, note_id=known.id)
        for media_path, path in comparing.paired(names, attached):
            self._moves.files[media_path] = media_url(self._request, path)

    async def _learn(self, file: NoteFile) -> None:
        """Look up what the file points to and an earlier import brought."""
        paths = await learn(self._database.reader, self._caller.user_id, self._moves, file.body)
        self._moves.files |= {old: media_url(self._request, path) for old, path in paths.items()}

    async def _compare(self, file: NoteFile, notice: str) -> None:
        """Leave a note that says the same, update one that does not, and name one that is left for a reason."""
        known = await self._known_note(file)
        if known is None:
            self._report.unchanged(file.name)  # purged meanwhile: the next import makes it anew
            return
        await self._learn(file)
        attached = await self._database.reader.all(import_queries.ATTACHED, note_id=known.id)
        here = comparing.in_note(known.content, attached)
        files = await asyncio.to_thread(self._gather.files, file)
        has = await self._stored.kept(files, attached)
        can_come = has.keys() | await self._stored.readable(files.keys() - has.keys())
        said = await asyncio.to_thread(comparing.in_file, file, self._source, self._moves, can_come)
        same = can_come == has.keys() and here == said
        changed = comparing.fields_changed(known, self._write.led(file.payload))
        self._source.use(await asyncio.to_thread(self._gather.paths, file))
        if known.deleted_at is None and not file.deleted:
            notice = f"{notice} {comparing.left_alone(known, file)}".strip()
        if (same and not changed) or file.deleted:
            self._report.unchanged(file.name, notice)
        elif known.deleted_at is not None:
            self._report.left(file.name, f"{notice} {BINNED}".strip())
        elif file.edited is not None and file.edited < known.last_edit:
            self._report.left(file.name, f"{notice} {NEWER_HERE}".strip())
        else:
            await self._outcome(file, self._write.update(file, known, has, changed), notice)

    async def _outcome(self, file: NoteFile, update: Awaitable[int], notice: str) -> None:
        try:
            self._report.updated(file.name, await update, notice)
        except AlreadyImported:
            self._report.unchanged(file.name, notice)
        except ApiError as refusal:
            self._report.refused(file.name, refusal)
