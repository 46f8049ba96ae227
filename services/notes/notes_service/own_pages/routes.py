"""What the account pages ask beside the endpoints that everybody has."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from notechondria_contracts.internal.notes import OWN_PATH, NamedNote, NameQuery, Names
from notechondria_contracts.internal.own_notes import BinnedNote, BinPage, Comparison, OwnVersion, OwnVersions, Storage
from notechondria_shared.auth import WithSession
from notechondria_shared.core.errors import NotFound
from notechondria_shared.core.timestamps import iso_offset
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.router import Router
from notes_service.dependencies import State
from notes_service.own_pages import queries
from notes_service.versions.schemas import label_of
from notes_service.versions.service import UNKNOWN as UNKNOWN_VERSION

router = Router(prefix=OWN_PATH, include_in_schema=False, dependencies=[Depends(CalledBy("web"))])

Offset = Annotated[int, Query(ge=0, le=2**62, description="How many to skip.")]
OneNote = Annotated[int | None, Query(ge=1, le=2**62, description="This note alone.")]

UNKNOWN = "There is no such note of yours."


def _version(row: queries.VersionLine) -> OwnVersion:
    return OwnVersion(
        id=row.id,
        title=row.title,
        reason=row.reason,
        label=label_of(row.reason, row.date_created),
        date_created=iso_offset(row.date_created),
    )


@router.post("/names")
async def names(caller: WithSession, query: NameQuery, read: ReadSession) -> Names:
    """What own notes, deleted ones too, and courses are called, and the courses of those notes."""
    notes = await read.all(queries.NOTE_NAMES, user_id=caller.user_id, note_ids=query.note_ids)
    course_ids = {*query.course_ids, *(note.course_id for note in notes if note.course_id is not None)}
    courses = await read.all(queries.COURSE_NAMES, user_id=caller.user_id, course_ids=list(course_ids))
    return Names(
        notes={note.id: NamedNote(title=note.title, course_id=note.course_id) for note in notes},
        courses={course.id: course.title for course in courses},
    )


@router.get("/bin")
async def list_bin(caller: WithSession, read: ReadSession, offset: Offset = 0, note_id: OneNote = None) -> BinPage:
    """A page of the recycle bin, deleted last first, with what each note takes up."""
    rows = await read.all(queries.BIN, user_id=caller.user_id, page_offset=offset, note_id=note_id)
    total = await read.value(queries.BIN_COUNT, user_id=caller.user_id) or 0
    notes = [
        BinnedNote(id=row.id, title=row.title, course=row.course, deleted_at=iso_offset(row.deleted_at), size=row.size)
        for row in rows[: queries.BIN_PAGE]
    ]
    return BinPage(notes=notes, total=total, more=len(rows) > queries.BIN_PAGE)


@router.get("/storage")
async def storage(caller: WithSession, read: ReadSession, state: State) -> Storage:
    """What own notes, versions, files and the recycle bin take up. Versions and files of deleted notes count as such:
    they go with the notes."""
    notes, bin_, files, versions = [
        (await read.all(query, user_id=caller.user_id))[0]
        for query in (queries.LIVE_NOTES, queries.BIN_NOTES, queries.FILES, queries.VERSIONS)
    ]
    return Storage(
        notes=notes.number,
        notes_bytes=notes.size,
        versions_bytes=versions.size,
        files=files.number,
        files_bytes=files.size,
        files_limit=state.settings.user_storage_mib << 20,
        bin=bin_.number,
        bin_bytes=bin_.size,
    )


@router.get("/notes/{note_id:id}/versions")
async def list_versions(caller: WithSession, note_id: int, read: ReadSession) -> OwnVersions:
    """The versions of an own note without their texts, newest first; 404 for a note of somebody else or in the bin."""
    note = await read.one(queries.OWN_NOTE, note_id=note_id, user_id=caller.user_id)
    if note is None:
        raise NotFound(UNKNOWN)
    rows = await read.all(queries.VERSION_LINES, note_id=note_id)
    return OwnVersions(title=note.title, versions=[_version(row) for row in rows])


@router.get("/notes/{note_id:id}/versions/{version_id:id}")
async def compare(caller: WithSession, note_id: int, version_id: int, read: ReadSession) -> Comparison:
    """A version beside the note as it is; 404 for a version of another note."""
    row = await read.one(queries.COMPARED, note_id=note_id, user_id=caller.user_id, version_id=version_id)
    if row is None:
        raise NotFound(UNKNOWN_VERSION)
    return Comparison(
        title=row.note_title,
        content=row.note_content,
        last_edit=iso_offset(row.last_edit),
        version=_version(row),
        version_content=row.content,
        is_cut=max(row.size, row.note_size) > queries.LONGEST_COMPARED,
    )
