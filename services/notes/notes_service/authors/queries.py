"""Reads of authors."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from notechondria_shared.db.reader import prepare_scalar
from notes_service.models import Author

SEEDED = prepare_scalar(
    select(Author.user_id).where(Author.user_id == bindparam("user_id"), Author.seeded_at.is_not(None)), int
)
"""The id of an author who has an Inbox and a welcome note."""
