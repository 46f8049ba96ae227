"""Reads of attachments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, Text, any_, bindparam, select, union_all

from notechondria_shared.db import prepare
from notechondria_shared.db.reader import prepare_scalar
from notes_service.models import Course, CourseMedia, Note, NoteAttachment, NoteBlock


@dataclass(slots=True)
class AttachmentRow:
    """A file of a note; `file` is its path in the store."""

    id: int
    note_id: int
    file: str
    original_filename: str
    file_size: int
    content_type: str
    date_created: datetime


_ATTACHMENT = select(
    NoteAttachment.id,
    NoteAttachment.note_id,
    NoteAttachment.file,
    NoteAttachment.original_filename,
    NoteAttachment.file_size,
    NoteAttachment.content_type,
    NoteAttachment.date_created,
)
OF_NOTE = prepare(
    _ATTACHMENT.where(NoteAttachment.note_id == bindparam("note_id")).order_by(
        NoteAttachment.date_created.desc(), NoteAttachment.id.desc()
    ),
    AttachmentRow,
)
ONE = prepare(_ATTACHMENT.where(NoteAttachment.id == bindparam("attachment_id")), AttachmentRow)

_paths = any_(bindparam("paths", type_=ARRAY(Text)))
KNOWN_FILES = prepare_scalar(
    union_all(
        *(
            select(column.label("path")).where(column == _paths)
            for column in (
                NoteAttachment.file,
                Note.cover_image,
                NoteBlock.image,
                NoteBlock.file,
                Course.cover_image,
                CourseMedia.image,
            )
        )
    ),
    str,
)
"""Which of the paths a row names."""
