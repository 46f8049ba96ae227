"""Notes in a list with nothing but their own short columns (`fields=brief`, decision 68).

A summary has its author, its course and a piece of the text, which a program that looks for a note does not read: of a
list of 50 they are two thirds of the bytes and half of the processor time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict

from notechondria_shared.core.timestamps import texts_of
from notes_service.models import Note
from notes_service.summaries.queries import SummaryRow
from notes_service.values import EditorMode, NoteType, Timestamp, UuidText

COLUMNS = (
    Note.id, Note.uuid, Note.title, Note.description, Note.is_public, Note.editor_mode, Note.note_type, Note.course_id,
    Note.last_edit, Note.date_created,
)  # fmt: skip


@dataclass(slots=True)
class BriefRow:
    """`COLUMNS` of a note on a page, and how many notes the whole list has."""

    id: int
    uuid: UUID
    title: str
    description: str | None
    is_public: bool
    editor_mode: str
    note_type: str
    course_id: int | None
    last_edit: datetime
    date_created: datetime
    total: int


class NoteBrief(TypedDict):
    """A note in a list of `fields=brief` (decision 68)."""

    id: int
    uuid: UuidText
    title: str
    description: str | None
    is_public: bool
    editor_mode: EditorMode
    note_type: NoteType
    course_id: int | None
    last_edit: Timestamp
    date_created: Timestamp


def note_briefs(rows: Sequence[BriefRow | SummaryRow]) -> list[NoteBrief]:
    """Rows as the contract's short ones; what a whole summary has besides is left out."""
    texts = texts_of((row.uuid, row.last_edit, row.date_created) for row in rows)
    return [
        {
            "id": row.id,
            "uuid": uuid,
            "title": row.title,
            "description": row.description,
            "is_public": row.is_public,
            "editor_mode": row.editor_mode,
            "note_type": row.note_type,
            "course_id": row.course_id,
            "last_edit": last_edit,
            "date_created": date_created,
        }
        for row, (uuid, last_edit, date_created) in zip(rows, texts, strict=True)
    ]
