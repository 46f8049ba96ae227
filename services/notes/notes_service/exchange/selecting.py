"""Which notes an export has, and their reading: in groups that are small together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from notechondria_shared.db import Reader
from notes_service.exchange import queries
from notes_service.exchange.queries import ExportedAttachment, ExportedCourse, ExportedNote, NoteName, NoteSize

GROUP, GROUP_OCTETS = 50, 4 * 1024 * 1024
"""Notes whose texts are read at once, and bytes of these texts."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some notes with their files."""

    notes: Sequence[ExportedNote]
    files: Mapping[int, Sequence[ExportedAttachment]]
    sizes: Mapping[int, NoteSize]


@dataclass(frozen=True, slots=True)
class OwnNotes:
    """The notes of a user; those of a course alone, or one alone."""

    read: Reader
    user_id: int
    course_id: int | None = None
    note_id: int | None = None

    async def groups(self) -> AsyncIterator[Group]:
        """The notes in groups whose texts are together no larger than `GROUP_OCTETS`, or one note."""
        async for sizes in self._sizes():
            ids = [one.id for one in sizes]
            files = by_note(await self.read.all(queries.ATTACHMENTS_OF, note_ids=ids))
            notes = await self.read.all(queries.NOTES_OF, user_id=self.user_id, note_ids=ids)
            yield Group(notes, files, {one.id: one for one in sizes})

    async def _sizes(self) -> AsyncIterator[list[NoteSize]]:
        after, group, octets = 0, list[NoteSize](), 0
        only = {"user_id": self.user_id, "course_id": self.course_id, "note_id": self.note_id}
        while page := await self.read.all(queries.SIZES, **only, after=after):
            after = page[-1].id
            for one in page:
                if group and (octets + one.octets > GROUP_OCTETS or len(group) == GROUP):
                    yield group
                    group, octets = [], 0
                group.append(one)
                octets += one.octets
        if group:
            yield group

    async def courses(self) -> list[ExportedCourse]:
        """The user's courses; with a course or a note alone, that one or its one."""
        rows = await self.read.all(queries.COURSES, user_id=self.user_id)
        if self.note_id is not None:
            names = await self.names()
            return [row for row in rows if names and row.title == names[0].course]
        return [row for row in rows if self.course_id in (None, row.id)]

    async def names(self) -> list[NoteName]:
        """What the notes are called, but for those in the recycle bin."""
        only = {"user_id": self.user_id, "course_id": self.course_id, "note_id": self.note_id}
        return await self.read.all(queries.NAMES, **only)

    async def files_of_full_notes(self) -> list[str]:
        """The paths below /media/ of the files of notes that have more than one."""
        return await self.read.all(queries.FILES_OF_FULL_NOTES, user_id=self.user_id)


class _OfNote(Protocol):
    @property
    def note_id(self) -> int: ...


OfNote = TypeVar("OfNote", bound=_OfNote)


def by_note(rows: Sequence[OfNote]) -> defaultdict[int, list[OfNote]]:
    """Rows in lists, by the note that they belong to."""
    groups: defaultdict[int, list[OfNote]] = defaultdict(list)
    for row in rows:
        groups[row.note_id].append(row)
    return groups
