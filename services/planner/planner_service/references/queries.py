"""Reads of the projections."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from notechondria_shared.database import prepare
from planner_service.models import CourseRef, NoteRef

COURSE = prepare(select(CourseRef.is_deleted).where(CourseRef.course_id == bindparam("course_id")))
# Shared row lock: the course cannot be marked deleted before the row that names it is committed.
HELD_COURSE = prepare(
    select(CourseRef.is_deleted).where(CourseRef.course_id == bindparam("course_id")).with_for_update(read=True)
)
NOTE = prepare(
    select(NoteRef.user_id, NoteRef.title, NoteRef.description, NoteRef.course_id, NoteRef.state).where(
        NoteRef.note_id == bindparam("note_id")
    )
)
