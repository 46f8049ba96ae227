"""Reads of the projections of courses and notes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ARRAY, BigInteger, any_, bindparam, select

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


@dataclass(slots=True)
class CourseRow:
    """Whether a course is a tombstone."""

    course_id: int
    is_deleted: bool


# Shared row lock: the course cannot be marked deleted before the row that names it is committed.
LOCKED_COURSE = prepare_scalar(
    select(CourseRef.is_deleted).where(CourseRef.course_id == bindparam("course_id")).with_for_update(read=True), bool
)
LOCKED_COURSES = prepare(
    select(CourseRef.course_id, CourseRef.is_deleted)
    .where(CourseRef.course_id == any_(bindparam("course_ids", type_=ARRAY(BigInteger))))
    .order_by(CourseRef.course_id)
    .with_for_update(read=True),
    CourseRow,
)
NOTE = prepare(
    select(NoteRef.user_id, NoteRef.title, NoteRef.description, NoteRef.course_id, NoteRef.state).where(
        NoteRef.note_id == bindparam("note_id")
    ),
    NoteRow,
)
