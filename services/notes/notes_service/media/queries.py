"""Whether a stored file belongs to a note in the recycle bin: whose note it is then, None for a live one."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from notechondria_shared.db.reader import prepare_scalar
from notes_service.models import Note

_BINNED = select(Note.creator_id).where(Note.deleted_at.is_not(None))
OWNER_OF_COVER = prepare_scalar(_BINNED.where(Note.cover_image == bindparam("path"), Note.cover_image != ""), int)
OWNER_OF_FILES = prepare_scalar(_BINNED.where(Note.uuid == bindparam("uuid")), int)
