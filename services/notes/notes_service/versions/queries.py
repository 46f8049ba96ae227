"""Reads of versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from notechondria_shared.db import prepare
from notes_service.models import NoteVersion


@dataclass(slots=True)
class VersionRow:
    """An earlier state of a note."""

    id: int
    title: str
    description: str | None
    content: str
    metadata_json: str
    editor_mode: str
    reason: str
    date_created: datetime


_VERSION = select(
    NoteVersion.id,
    NoteVersion.title,
    NoteVersion.description,
    NoteVersion.content,
    NoteVersion.metadata_json,
    NoteVersion.editor_mode,
    NoteVersion.reason,
    NoteVersion.date_created,
)
OF_NOTE = prepare(
    _VERSION.where(NoteVersion.note_id == bindparam("note_id")).order_by(
        NoteVersion.date_created.desc(), NoteVersion.id.desc()
    ),
    VersionRow,
)
ONE = prepare(
    _VERSION.where(NoteVersion.id == bindparam("version_id"), NoteVersion.note_id == bindparam("note_id")), VersionRow
)
