"""What the account pages ask beside the endpoints that everybody has."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from notechondria_contracts.internal.notes import OWN_PATH, NamedNote, NameQuery, Names
from notechondria_contracts.internal.own_notes import BinnedNote, BinPage, Storage
from notechondria_shared.auth import WithSession
from notechondria_shared.core.timestamps import iso_offset
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.internal import CalledBy
from notes_service.own_pages import queries

router = APIRouter(prefix=OWN_PATH, include_in_schema=False, dependencies=[Depends(CalledBy("web"))])

Offset = Annotated[int, Query(ge=0, le=2**62, description="How many to skip.")]
OneNote = Annotated[int | None, Query(ge=1, le=2**62, description="This note alone.")]


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
async def storage(caller: WithSession, read: ReadSession) -> Storage:
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
        bin=bin_.number,
        bin_bytes=bin_.size,
    )
