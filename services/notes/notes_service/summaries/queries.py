"""The summary of a note in statements. No list reads a note's text: what it shows of it is stored beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql import Select

from notes_service.models import Author, Course, Note

NEWEST = (Note.last_edit.desc(), Note.id.desc())
_source = aliased(Note, name="source")


@dataclass(slots=True)
class SummaryRow:
    """A note as lists show it, with author, course and the note it comments on."""

    id: int
    uuid: UUID
    title: str
    description: str | None
    excerpt: str
    preview_lines: list[str]
    editor_mode: str
    note_type: str
    is_public: bool
    last_edit: datetime
    date_created: datetime
    course_id: int | None
    creator_id: int
    cover_image: str
    course_title: str
    """As `course_slug`, null without a course."""
    course_slug: str
    username: str
    image_path: str
    source_note_uuid: UUID | None


def live() -> tuple[ColumnElement[bool], ...]:
    """Notes that are not in the recycle bin."""
    return (Note.deleted_at.is_(None),)


def visible(viewer: ColumnElement[int]) -> ColumnElement[bool]:
    """A note that is not public is shown to its own author only (notes §12, decision 4)."""
    return or_(Note.is_public, Note.creator_id == viewer)


def columns_of_note(note: type[Note]) -> tuple[InstrumentedAttribute[object], ...]:
    """Those that every summary begins with, of the table or of an alias."""
    return (
        note.id,
        note.uuid,
        note.title,
        note.description,
        note.excerpt,
        note.preview_lines,
        note.editor_mode,
        note.note_type,
        note.is_public,
        note.last_edit,
        note.date_created,
        note.course_id,
    )


def summaries(*more: InstrumentedAttribute[object]) -> Select[*tuple[object, ...]]:
    """The columns of a `SummaryRow`, and `more`."""
    return (
        select(
            *columns_of_note(Note),
            Note.creator_id,
            Note.cover_image,
            Course.title.label("course_title"),
            Course.slug.label("course_slug"),
            Author.username,
            Author.image_path,
            _source.uuid.label("source_note_uuid"),
            *more,
        )
        .join(Author, Author.user_id == Note.creator_id)
        .outerjoin(Course, Course.id == Note.course_id)
        .outerjoin(_source, _source.id == Note.source_note_id)
    )
