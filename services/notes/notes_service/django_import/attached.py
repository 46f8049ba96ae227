"""What hangs on notes: attachments, versions, and entries of the recycle bin (notes §2.7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from notechondria_shared.django_import.rows import DjangoRow
from notechondria_shared.django_import.source import Monolith
from notes_service.django_import.content import NO_NOTE, ImportedContent
from notes_service.values import EDITOR_MODES
from notes_service.versions.service import MOST_VERSIONS

ATTACHMENTS, VERSIONS, RECYCLE_BIN = "attachments", "versions", "recycle bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentRow:
    """A row of `note_attachments`."""

    id: int
    note_id: int
    file: str
    original_filename: str
    file_size: int
    content_type: str
    date_created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A row of `note_versions`."""

    id: int
    note_id: int
    creator_id: int
    title: str
    description: str
    content: str
    metadata_json: str
    editor_mode: str
    reason: str
    date_created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecycleBinRow:
    """A row of `recycle_bin_entries`."""

    creator_id: int
    note_id: int
    deleted_at: datetime
    metadata_json: str
    date_created: datetime
    last_edit: datetime
    item_type: str = "note"


def attachments(source: Monolith, table: str, content: ImportedContent) -> Iterator[AttachmentRow]:
    """Attachments of notes that were imported."""
    for row in content.report.counted(ATTACHMENTS, source.rows(table)):
        if (note := content.note(ATTACHMENTS, row)) is None:
            continue
        yield AttachmentRow(
            id=row.id,
            note_id=note.note_id,
            file=content.file(row, "file"),
            original_filename=row.text("original_filename", longest=255),
            file_size=max(0, row.integer("file_size", default=0)),
            content_type=row.text("content_type", longest=128),
            date_created=row.dates().date_created,
        )


def versions(source: Monolith, table: str, content: ImportedContent) -> Iterator[VersionRow]:
    """The newest versions of each note, as many as a note keeps."""
    rows = content.report.counted(VERSIONS, source.rows(table, ("note_id", "date_created", "id")))
    for note_id, of_note in groupby(rows, key=lambda row: row.integer("note_id", default=0)):
        note, kept = content.notes.get(note_id), list(of_note)
        for row in kept[:-MOST_VERSIONS]:
            content.report.skip(VERSIONS, row.id, f"more than {MOST_VERSIONS} of one note: the oldest go")
        for row in kept[-MOST_VERSIONS:]:
            if note is None:
                content.report.skip(VERSIONS, row.id, NO_NOTE)
                continue
            owner = content.accounts.owner(row)
            yield VersionRow(
                id=row.id,
                note_id=note_id,
                creator_id=owner.user_id if owner else note.user_id,
                title=row.text("title", longest=100),
                description=row.text("description", longest=600),
                content=row.text("content"),
                metadata_json=row.text("metadata_json"),
                editor_mode=row.choice("editor_mode", EDITOR_MODES, "P"),
                reason=row.text("reason", longest=32) or "manual",
                date_created=row.dates().date_created,
            )


def recycle_bin(source: Monolith, content: ImportedContent) -> Iterator[RecycleBinRow]:
    """An entry for each note in the recycle bin, with the monolith's own entry where it has one (notes §7)."""
    entries: dict[int, DjangoRow] = {}
    if table := source.table("notes_recyclebinentry"):
        for row in content.report.counted(RECYCLE_BIN, source.rows(table)):
            entries[row.integer("note_id", default=0)] = row
    for note_id, row in entries.items():
        note = content.notes.get(note_id)
        if note is None or note.deleted_at is None:
            content.report.skip(RECYCLE_BIN, row.id, "its note is not there, or does not lie in the bin")
    for note_id, note in content.notes.items():
        if note.deleted_at is None:
            continue
        entry = entries.get(note_id)
        if entry is None:
            content.report.of(RECYCLE_BIN).read += 1
            entry = DjangoRow("notes_recyclebinentry", {})
        about = {"title": note.title, "description": note.description, "course_id": note.course_id}
        dates = entry.dates(default=note.deleted_at)
        yield RecycleBinRow(
            creator_id=note.user_id,
            note_id=note_id,
            deleted_at=note.deleted_at,
            metadata_json=entry.text("metadata_json") or json.dumps(about, ensure_ascii=False),
            date_created=dates.date_created,
            last_edit=dates.last_edit,
        )
