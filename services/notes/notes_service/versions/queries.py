"""Reads of versions."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from notechondria_shared.db import prepare
from notes_service.models import NoteVersion

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
    )
)
ONE = prepare(_VERSION.where(NoteVersion.id == bindparam("version_id"), NoteVersion.note_id == bindparam("note_id")))
