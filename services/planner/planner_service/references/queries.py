"""Reads of the projections of courses and notes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from notechondria_shared.db import prepare, prepare_scalar
from planner_service.models import CourseRef, NoteRef


@dataclass(slots=True)
class NoteRow:
    """What planner knows of a note."""

    user_id: int
    title: str
    description: str
    course_id: int | None
    state: str


# Shared row lock: the course cannot be marked deleted before the row that names it is committed.
LOCKED_COURSE = prepare_scalar(
    select(CourseRef.is_deleted).where(CourseRef.course_id == bindparam("course_id")).with_for_update(read=True), bool
)
NOTE = prepare(
    select(NoteRef.user_id, NoteRef.title, NoteRef.description, NoteRef.course_id, NoteRef.state).where(
        NoteRef.note_id == bindparam("note_id")
    ),
    NoteRow,
)
