"""What the administration shows of courses and notes: never a note's text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from notechondria_shared.db.listing import SearchableList
from notes_service.models import Author, Course, Note


@dataclass(frozen=True, slots=True)
class CourseRow:
    """A course of anybody."""

    id: int
    user_id: int | None
    title: str
    slug: str
    is_default: bool
    notes: int
    date_created: datetime
    last_edit: datetime


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note of anybody: how long it is, and how it begins."""

    id: int
    user_id: int
    title: str
    excerpt: str
    size: int
    note_type: str
    is_public: bool
    course_id: int | None
    course_title: str | None
    date_created: datetime
    last_edit: datetime
    deleted_at: datetime | None


COURSES = SearchableList(
    select(
        Course.id,
        Course.creator_id.label("user_id"),
        Course.title,
        Course.slug,
        Course.is_default,
        select(func.count()).where(Note.course_id == Course.id).correlate(Course).scalar_subquery().label("notes"),
        Course.date_created,
        Course.last_edit,
    ).outerjoin(Author, Author.user_id == Course.creator_id),
    CourseRow,
    key=Course.id.expression,
    searched=(Course.title.expression, Course.slug.expression, Author.username.expression),
    owner=Course.creator_id.expression,
)
NOTES = SearchableList(
    select(
        Note.id,
        Note.creator_id.label("user_id"),
        Note.title,
        func.left(Note.excerpt, 200).label("excerpt"),
        func.octet_length(Note.content).label("size"),
        Note.note_type,
        Note.is_public,
        Note.course_id,
        Course.title.label("course_title"),
        Note.date_created,
        Note.last_edit,
        Note.deleted_at,
    )
    .join(Author, Author.user_id == Note.creator_id)
    .outerjoin(Course, Course.id == Note.course_id),
    NoteRow,
    key=Note.id.expression,
    searched=(Note.title.expression, Author.username.expression),
    owner=Note.creator_id.expression,
)
