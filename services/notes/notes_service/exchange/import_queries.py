"""Reads of imports: what is here of what a file stands for, and how far an import is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, BindParameter, Text, any_, bindparam, or_, select
from sqlalchemy import Uuid as UuidType

from notechondria_shared.db import prepare
from notes_service.models import Course, ImportJob, Note, NoteAttachment

_USER: BindParameter[int] = bindparam("user_id", type_=BigInteger)


@dataclass(slots=True)
class ImportJobRow:
    """An import that goes on after its request."""

    id: int
    state: Literal["running", "done", "failed", "interrupted"]
    is_dry_run: bool
    files: int
    files_done: int
    outcome: str
    error: str
    seen_at: datetime
    date_created: datetime
    last_edit: datetime


@dataclass(slots=True)
class KnownNote:
    """The note that an imported file stands for."""

    id: int
    uuid: UUID
    title: str
    description: str | None
    content: str
    metadata_json: str
    custom_meta: str
    is_public: bool
    course: str | None
    last_edit: datetime
    deleted_at: datetime | None


@dataclass(slots=True)
class NoteOfDraft:
    """A note by the client's id of it."""

    id: int
    uuid: UUID
    client_draft_id: str


@dataclass(slots=True)
class AttachedFile:
    """A file of such a note."""

    file: str
    original_filename: str
    file_size: int


BY_DRAFT = prepare(
    select(Note.id, Note.uuid, Note.client_draft_id).where(
        Note.creator_id == _USER, Note.client_draft_id == any_(bindparam("draft_ids", type_=ARRAY(Text)))
    ),
    NoteOfDraft,
)
KNOWN = prepare(
    select(
        Note.id,
        Note.uuid,
        Note.title,
        Note.description,
        Note.content,
        Note.metadata_json,
        Note.custom_meta,
        Note.is_public,
        Course.title.label("course"),
        Note.last_edit,
        Note.deleted_at,
    )
    .outerjoin(Course, Course.id == Note.course_id)
    .where(
        Note.creator_id == _USER,
        or_(
            Note.uuid == bindparam("uuid", type_=UuidType(as_uuid=True)),
            Note.client_draft_id == bindparam("draft_id", type_=Text),
        ),
    )
    .limit(1),
    KnownNote,
)
"""The own note that an imported file stands for, deleted or not."""
ATTACHED = prepare(
    select(NoteAttachment.file, NoteAttachment.original_filename, NoteAttachment.file_size)
    .where(NoteAttachment.note_id == bindparam("note_id"))
    .order_by(NoteAttachment.id),
    AttachedFile,
)
IMPORT_JOB = prepare(
    select(
        ImportJob.id,
        ImportJob.state,
        ImportJob.is_dry_run,
        ImportJob.files,
        ImportJob.files_done,
        ImportJob.outcome,
        ImportJob.error,
        ImportJob.seen_at,
        ImportJob.date_created,
        ImportJob.last_edit,
    ).where(ImportJob.creator_id == _USER, ImportJob.id == bindparam("job_id", type_=BigInteger)),
    ImportJobRow,
)
