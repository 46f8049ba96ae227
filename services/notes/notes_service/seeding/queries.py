"""Statements for what a new user gets."""

from __future__ import annotations

from sqlalchemy import BigInteger, DateTime, bindparam, select, update

from notechondria_shared.db import prepare_command, prepare_scalar
from notes_service.models import Author, Note

SEEDED = prepare_command(
    update(Author)
    .where(Author.user_id == bindparam("user_id", type_=BigInteger))
    .values(seeded_at=bindparam("at", type_=DateTime(timezone=True)))
)
USED = prepare_scalar(
    select(Note.id)
    .where(Note.course_id == bindparam("course_id", type_=BigInteger), Note.deleted_at.is_(None))
    .limit(1),
    int,
)
"""A note of the course, if it has one."""
