"""What the account pages ask beside the endpoints that everybody has."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from notechondria_contracts.internal.notes import OWN_PATH, NamedNote, NameQuery, Names
from notechondria_shared.auth import WithSession
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.internal import CalledBy
from notes_service.own_pages import queries

router = APIRouter(prefix=OWN_PATH, include_in_schema=False, dependencies=[Depends(CalledBy("web"))])


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
