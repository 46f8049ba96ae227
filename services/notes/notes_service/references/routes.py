"""What other services may ask about notes and courses before events have reached them (ADR 0003)."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import Depends

from notechondria_contracts.internal.notes import CourseReference, NoteReference
from notechondria_shared.core.errors import NotFound
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.route import api_router
from notes_service.references import queries

router = api_router("/internal", include_in_schema=False, dependencies=[Depends(CalledBy("planner"))])


@router.get("/notes/{note_id:id}/reference")
async def note_reference(note_id: int, read: ReadSession) -> NoteReference:
    """The state of a note as its newest event has it, and `live` or `trashed`; 404 when unknown or purged."""
    row = await read.one(queries.NOTE, note_id=note_id)
    if row is None:
        raise NotFound("Note not found.")
    return NoteReference(**asdict(row))


@router.get("/courses/{course_id:id}/reference")
async def course_reference(course_id: int, read: ReadSession) -> CourseReference:
    """The state of a course as its newest event has it; 404 when unknown or deleted."""
    row = await read.one(queries.COURSE, course_id=course_id)
    if row is None:
        raise NotFound("Course not found.")
    return CourseReference(**asdict(row))
