"""Attachments on the wire (notes §3.7)."""

from __future__ import annotations

from fastapi import Request
from pydantic import BaseModel

from notechondria_shared.core.timestamps import iso_offset
from notechondria_shared.web.media_url import media_url
from notes_service.attachments.queries import AttachmentRow
from notes_service.values import Timestamp


class AttachmentObject(BaseModel):
    """A file of a note; `file_size` in bytes."""

    id: int
    note_id: int
    original_filename: str
    file_size: int
    content_type: str
    url: str
    date_created: Timestamp

    @classmethod
    def of(cls, request: Request, row: AttachmentRow) -> AttachmentObject:
        """A row as the contract's attachment."""
        return cls(
            id=row.id,
            note_id=row.note_id,
            original_filename=row.original_filename,
            file_size=row.file_size,
            content_type=row.content_type,
            url=media_url(request, row.file),
            date_created=iso_offset(row.date_created),
        )
