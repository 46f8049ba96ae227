"""What the administration shows of courses and notes: never a note's text."""

from __future__ import annotations

from sqlalchemy import func, select

from notechondria_shared.db.listing import SearchableList
from notes_service.models import Author, Course, Note

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
    key=Note.id.expression,
    searched=(Note.title.expression, Author.username.expression),
    owner=Note.creator_id.expression,
)
