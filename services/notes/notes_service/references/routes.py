"""What other services may ask about notes and courses before the facts have reached them (ADR 0003)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy import bindparam, case, select

from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import prepare
from notechondria_shared.db.tables import Row
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.internal import require_internal
from notes_service.models import Course, Note

router = APIRouter(prefix="/internal", include_in_schema=False, dependencies=[Depends(require_internal)])

NOTE = prepare(
    select(
        Note.id.label("note_id"),
        Note.uuid,
        Note.creator_id.label("user_id"),
        Note.title,
        Note.description,
        Note.course_id,
        Note.revision,
        case((Note.deleted_at.is_(None), "live"), else_="trashed").label("state"),
    ).where(Note.id == bindparam("note_id"))
)
COURSE = prepare(
    select(Course.id.label("course_id"), Course.creator_id.label("user_id"), Course.title, Course.revision).where(
        Course.id == bindparam("course_id")
    )
)


@router.get("/notes/{note_id:id}/reference")
async def note_reference(note_id: int, read: ReadSession) -> dict[str, Any]:
    """The state of a note as its newest fact tells it, and `live` or `trashed`; 404 when unknown or purged."""
    row = await read.one(NOTE, note_id=note_id)
    if row is None:
        raise NotFound("Note not found.")
    return {**row, "uuid": str(row["uuid"]), "description": row["description"] or ""}


@router.get("/courses/{course_id:id}/reference")
async def course_reference(course_id: int, read: ReadSession) -> Row:
    """The state of a course as its newest fact tells it; 404 when unknown or deleted."""
    row = await read.one(COURSE, course_id=course_id)
    if row is None:
        raise NotFound("Course not found.")
    return row
