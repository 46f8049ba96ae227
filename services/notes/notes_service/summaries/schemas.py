"""The summary of a note on the wire (notes §3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NotRequired

from fastapi import Query, Request
from typing_extensions import TypedDict

from notechondria_contracts.fields.rules import BIGINT_MAX
from notechondria_shared.core.timestamps import texts_of
from notechondria_shared.web.media_url import media_url
from notechondria_shared.web.query import QueryInteger
from notes_service.authors.schemas import AuthorObject, author_object
from notes_service.summaries.brief import NoteBrief
from notes_service.summaries.queries import SummaryRow
from notes_service.values import EditorMode, NoteType, Timestamp, UuidText

PAGE_MAXIMUM = 100
"""Rows of a page at most (notes §5.3)."""
Limit = Annotated[
    int | None,
    QueryInteger(1, PAGE_MAXIMUM),
    Query(description="Rows at most; with it the answer is a page. Without it: all of them, as a list."),
]
Offset = Annotated[
    int | None, QueryInteger(0, BIGINT_MAX), Query(description="Rows to pass over; ignored without `limit`.")
]


class CourseReference(TypedDict):
    """The course of a note."""

    id: int
    title: str
    slug: str


class NoteSummary(TypedDict):
    """A note in a list (notes §3.3)."""

    id: int
    uuid: UuidText
    title: str
    description: str | None
    excerpt: str
    preview_lines: list[str]
    editor_mode: EditorMode
    note_type: NoteType
    is_public: bool
    last_edit: Timestamp
    date_created: Timestamp
    course_id: int | None
    course: CourseReference | None
    author: AuthorObject
    source_note_uuid: UuidText | None
    cover_image_url: str


class NotePage(TypedDict):
    """A page of notes (notes §5.3)."""

    results: Sequence[NoteSummary] | Sequence[NoteBrief]
    total: int
    offset: int
    limit: int
    has_more: bool
    next: NotRequired[str | None]
    """Only where a cursor was sent: the one of the page that follows (decision 66)."""


def note_summary(request: Request, row: SummaryRow) -> NoteSummary:
    """A row as the contract's summary."""
    return note_summaries(request, [row])[0]


def note_summaries(request: Request, rows: Sequence[SummaryRow]) -> list[NoteSummary]:
    """Rows as the contract's summaries."""
    texts = texts_of((row.uuid, row.last_edit, row.date_created) for row in rows)
    return [_summary(request, row, *each) for row, each in zip(rows, texts, strict=True)]


def _summary(request: Request, row: SummaryRow, uuid: str, last_edit: str, date_created: str) -> NoteSummary:
    course_id, source = row.course_id, row.source_note_uuid
    return {
        "id": row.id,
        "uuid": uuid,
        "title": row.title,
        "description": row.description,
        "excerpt": row.excerpt,
        "preview_lines": row.preview_lines,
        "editor_mode": row.editor_mode,
        "note_type": row.note_type,
        "is_public": row.is_public,
        "last_edit": last_edit,
        "date_created": date_created,
        "course_id": course_id,
        "course": None if course_id is None else {"id": course_id, "title": row.course_title, "slug": row.course_slug},
        "author": author_object(request, row.creator_id, row.username, row.image_path),
        "source_note_uuid": None if source is None else str(source),
        "cover_image_url": media_url(request, row.cover_image) if row.cover_image else "",
    }
