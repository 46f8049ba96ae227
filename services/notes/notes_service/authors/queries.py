"""Reads of authors."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, select

from notechondria_shared.db import prepare
from notechondria_shared.db.reader import prepare_scalar
from notes_service.models import Author


@dataclass(slots=True)
class AuthorRow:
    """What an author object shows."""

    username: str
    image_path: str


_named = select(Author.username, Author.image_path)
NAMED = prepare(_named.where(Author.user_id == bindparam("user_id", type_=BigInteger)), AuthorRow)
SEEDED = prepare_scalar(
    select(Author.user_id).where(Author.user_id == bindparam("user_id"), Author.seeded_at.is_not(None)), int
)
"""The id of an author who has an Inbox and a welcome note."""
