"""Reads of authors."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from notechondria_shared.db import prepare
from notes_service.models import Author

SEEDED = prepare(select(Author.user_id).where(Author.user_id == bindparam("user_id"), Author.seeded_at.is_not(None)))
