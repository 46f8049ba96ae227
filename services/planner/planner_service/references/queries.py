"""Reads of the projections, and the first word of a note."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert

from notechondria_shared.db import prepare
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
_KEPT = ("note_id", "uuid", "user_id", "state", "state_revision", "title", "description", "course_id", "revision")
INSERT_NOTE_REFERENCE = prepare(
    upsert(NoteRef)
    .values({name: bindparam(name, required=True) for name in _KEPT})
    .on_conflict_do_nothing()
    .returning(NoteRef.note_id)
)
"""A note heard of for the first time; no row when it is known."""
