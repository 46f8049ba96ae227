"""Notes and authors (notes §2.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from notechondria_shared.core.timestamps import now
from notechondria_shared.django_import.handover import ImportedAccount, ImportedNote
from notechondria_shared.django_import.rows import DjangoRow
from notechondria_shared.django_import.source import Monolith
from notes_service.django_import.content import ImportedContent
from notes_service.text.summary import excerpt, preview_lines
from notes_service.values import EDITOR_MODES, NOTE_TYPES

NOTES = "notes"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorRow:
    """A row of `authors`; who comes from the monolith gets no welcome note."""

    user_id: int
    username: str
    image_path: str
    editor_mode: str
    seeded_at: datetime
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """A row of `notes`."""

    id: int
    creator_id: int
    course_id: int | None
    uuid: UUID
    sharing_id: str
    title: str
    description: str
    is_public: bool
    content: str
    excerpt: str
    preview_lines: list[str]
    metadata_json: str
    custom_meta: str
    client_draft_id: str | None
    deleted_at: datetime | None
    note_type: str
    source_note_id: int | None
    editor_mode: str
    cover_image: str
    date_created: datetime
    last_edit: datetime
    revision: int = 1


def authors(content: ImportedContent) -> Iterator[AuthorRow]:
    """An author for each account that was opened."""
    for account in content.accounts.all:
        if not account.is_pending:
            yield AuthorRow(
                user_id=account.user_id,
                username=account.username,
                image_path=account.image_path,
                editor_mode=account.editor_mode,
                seeded_at=now(),
            )


def notes(source: Monolith, table: str, content: ImportedContent) -> Iterator[NoteRow]:
    """Notes, those in the recycle bin too; a comment whose note is not there belongs to none."""
    known = source.ids(table)
    # A comment may be older by number than the note it belongs to: notes first, then what hangs on them.
    late: list[NoteRow] = []
    for row in content.report.counted(NOTES, source.rows(table)):
        author = content.author(NOTES, row)
        if author is None:
            continue
        note = _note(row, author, content)
        if note.source_note_id in known and note.source_note_id not in content.notes:
            late.append(note)
        else:
            yield _remembered(note, content)
    for note in late:
        yield _remembered(note, content)


def _note(row: DjangoRow, author: ImportedAccount, content: ImportedContent) -> NoteRow:
    text, description = row.text("content"), row.text("description", longest=600)
    course_id = row.integer_or_none("course_id")
    uuid, deleted_at, dates = row.uuid("uuid"), row.timestamp_or_none("deleted_at"), row.dates()
    return NoteRow(
        id=row.id,
        creator_id=author.user_id,
        course_id=course_id if course_id in content.courses else None,
        uuid=uuid,
        sharing_id=row.text("sharing_id", longest=36) or str(uuid),
        title=row.text("title", longest=100),
        description=description,
        is_public=row.flag("is_public") and deleted_at is None,
        content=text,
        excerpt=excerpt(text, description),
        preview_lines=preview_lines(text),
        metadata_json=row.text("metadata_json"),
        custom_meta=row.text("custom_meta"),
        client_draft_id=row.text("client_draft_id", longest=64) or None,
        deleted_at=deleted_at,
        note_type=row.choice("note_type", NOTE_TYPES, "N"),
        source_note_id=row.integer_or_none("source_note_id"),
        editor_mode=row.choice("editor_mode", EDITOR_MODES, author.editor_mode),
        cover_image=content.file(row, "cover_image"),
        date_created=dates.date_created,
        last_edit=dates.last_edit,
    )


def _remembered(note: NoteRow, content: ImportedContent) -> NoteRow:
    content.notes[note.id] = ImportedNote(
        note_id=note.id,
        user_id=note.creator_id,
        uuid=note.uuid,
        title=note.title,
        description=note.description,
        course_id=note.course_id,
        deleted_at=note.deleted_at,
    )
    return note if note.source_note_id in content.notes else replace(note, source_note_id=None)
