"""The statement that makes a note, for requests, imports and what a new user gets."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert as upsert

from notechondria_shared.db import prepare
from notes_service.models import Note


@dataclass(slots=True)
class PublishedNote:
    """The columns of a note that its events need."""

    id: int
    uuid: UUID
    creator_id: int
    title: str
    description: str | None
    course_id: int | None
    revision: int


_COLUMNS = (
    "creator_id", "course_id", "uuid", "sharing_id", "title", "description", "is_public", "content", "excerpt",
    "preview_lines", "metadata_json", "custom_meta", "client_draft_id", "note_type", "source_note_id", "editor_mode",
    "date_created", "last_edit",
)  # fmt: skip
INSERT = prepare(
    upsert(Note)
    .values(
        {
            **{name: bindparam(name, required=True) for name in _COLUMNS},
            "cover_image": "",
            "cover_size": 0,
            "revision": 1,
        }
    )
    .on_conflict_do_nothing(
        index_elements=[Note.creator_id, Note.client_draft_id], index_where=Note.client_draft_id.is_not(None)
    )
    .returning(*Note.event_columns()),
    PublishedNote,
)
"""A new note; no row when the draft id is in use."""
