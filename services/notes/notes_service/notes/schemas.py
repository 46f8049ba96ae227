"""Notes on the wire (notes §3.3, §3.4, §5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import Field
from typing_extensions import TypedDict

from notechondria_contracts.fields import Boolean, Choice, Id, Text, Uuid
from notechondria_shared.core.timestamps import iso_z
from notechondria_shared.db.tables import Row
from notechondria_shared.storage.media import media_url
from notechondria_shared.web import Body
from notes_service.authors.schemas import AuthorObject, author_object
from notes_service.blocks.schemas import BlockDraft, BlockList, BlockObject, block_object

Title = Annotated[str, Text(max_length=100)]
OptionalText = Annotated[str | None, Text(blank=True, null=True)]
Mode = Annotated[str | None, Choice(("G", "B", "P"))]


class NoteFields(Body):
    """What create and update have in common (notes §5.4); absent fields have their defaults."""

    description: Annotated[str | None, Text(max_length=600, blank=True, null=True)] = None
    content: Annotated[str, Text(blank=True)] = ""
    markdown: OptionalText = ""
    metadata_json: OptionalText = ""
    custom_meta: OptionalText = ""
    is_public: Annotated[bool, Boolean()] = False
    course_id: Annotated[int | None, Id(null=True, zero_is_null=True)] = None
    client_draft_id: Annotated[str | None, Text(max_length=64, blank=True, null=True)] = None
    editor_mode: Mode = None
    note_type: Annotated[str, Choice(("N", "C"))] = "N"
    source_note_uuid: Annotated[UUID | None, Uuid(null=True)] = None
    blocks: Annotated[list[BlockDraft], BlockList()] = Field(default_factory=list)

    @property
    def text(self) -> str:
        """The markdown sent: `content`, or `markdown` when that is missing or blank."""
        return self.content or self.markdown or ""


class CreateNote(NoteFields):
    """`POST /notes/` (notes §5.5)."""

    title: Title


class UpdateNote(NoteFields):
    """`PATCH /notes/{id}/` (notes §5.6): only what was sent counts."""

    title: Title = ""


class CourseReference(TypedDict):
    """The course of a note."""

    id: int
    title: str
    slug: str


class NoteSummary(TypedDict):
    """A note in a list (notes §3.3)."""

    id: int
    uuid: str
    title: str
    description: str | None
    excerpt: str
    preview_lines: list[str]
    editor_mode: str
    note_type: str
    is_public: bool
    last_edit: str
    date_created: str
    course_id: int | None
    course: CourseReference | None
    author: AuthorObject
    source_note_uuid: str | None
    cover_image_url: str


class NoteDetail(NoteSummary):
    """A note with its text (notes §3.4)."""

    blocks: list[BlockObject]
    content: str
    metadata_json: str
    custom_meta: str


class NoteForCaller(NoteDetail):
    """A note as it was asked for by its id."""

    can_edit: bool


class NotePage(TypedDict):
    """A page of notes (notes §5.3)."""

    results: list[NoteSummary]
    total: int
    offset: int
    limit: int
    has_more: bool


def note_summary(request: Request, row: Row) -> NoteSummary:
    """A row of `notes.queries` as the contract's summary."""
    course_id, source = row["course_id"], row["source_note_uuid"]
    return {
        "id": row["id"],
        "uuid": str(row["uuid"]),
        "title": row["title"],
        "description": row["description"],
        "excerpt": row["excerpt"],
        "preview_lines": row["preview_lines"],
        "editor_mode": row["editor_mode"],
        "note_type": row["note_type"],
        "is_public": row["is_public"],
        "last_edit": iso_z(row["last_edit"]),
        "date_created": iso_z(row["date_created"]),
        "course_id": course_id,
        "course": None
        if course_id is None
        else {"id": course_id, "title": row["course_title"], "slug": row["course_slug"]},
        "author": author_object(request, row["creator_id"], row["username"], row["image_path"]),
        "source_note_uuid": None if source is None else str(source),
        "cover_image_url": media_url(request, row["cover_image"]),
    }


def note_detail(request: Request, row: Row, blocks: Sequence[Row]) -> NoteDetail:
    """A row of `notes.queries.DETAIL` and its blocks as the contract's detail."""
    return {
        **note_summary(request, row),
        "blocks": [block_object(request, block) for block in blocks],
        "content": row["content"],
        "metadata_json": row["metadata_json"],
        "custom_meta": row["custom_meta"],
    }
