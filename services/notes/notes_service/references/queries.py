"""Reads of single notes and courses for other services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import bindparam, case, func, select

from notechondria_shared.db import prepare
from notes_service.models import Course, Note


@dataclass(slots=True)
class NoteReferenceRow:
    """A note as its newest event describes it."""

    note_id: int
    uuid: UUID
    user_id: int
    title: str
    description: str
    course_id: int | None
    revision: int
    state: Literal["live", "trashed"]


@dataclass(slots=True)
class CourseReferenceRow:
    """A course as its newest event describes it."""

    course_id: int
    user_id: int | None
    title: str
    revision: int


NOTE = prepare(
    select(
        Note.id.label("note_id"),
        Note.uuid,
        Note.creator_id.label("user_id"),
        Note.title,
        func.coalesce(Note.description, "").label("description"),
        Note.course_id,
        Note.revision,
        case((Note.deleted_at.is_(None), "live"), else_="trashed").label("state"),
    ).where(Note.id == bindparam("note_id")),
    NoteReferenceRow,
)
COURSE = prepare(
    select(Course.id.label("course_id"), Course.creator_id.label("user_id"), Course.title, Course.revision).where(
        Course.id == bindparam("course_id")
    ),
    CourseReferenceRow,
)
