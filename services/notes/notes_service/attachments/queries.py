"""Reads of attachments."""

from __future__ import annotations

from sqlalchemy import ARRAY, Text, any_, bindparam, select, union_all

from notechondria_shared.db import prepare
from notes_service.models import Course, CourseMedia, Note, NoteAttachment, NoteBlock

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
    )
)
ONE = prepare(_ATTACHMENT.where(NoteAttachment.id == bindparam("attachment_id")))

_paths = any_(bindparam("paths", type_=ARRAY(Text)))
KNOWN_FILES = prepare(
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
    )
)
"""Which of the paths a row names."""
