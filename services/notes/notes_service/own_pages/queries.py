"""Reads for the pages on which people see what is theirs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from notechondria_shared.db import prepare
from notes_service.models import Course, Note

_USER = bindparam("user_id", type_=BigInteger)


@dataclass(slots=True)
class NoteName:
    """A note by its title."""

    id: int
    title: str
    course_id: int | None


@dataclass(slots=True)
class CourseName:
    """A course by its title."""

    id: int
    title: str


NOTE_NAMES = prepare(
    select(Note.id, Note.title, Note.course_id).where(
        Note.creator_id == _USER, Note.id == any_(bindparam("note_ids", type_=ARRAY(BigInteger)))
    ),
    NoteName,
)
COURSE_NAMES = prepare(
    select(Course.id, Course.title).where(
        Course.creator_id == _USER, Course.id == any_(bindparam("course_ids", type_=ARRAY(BigInteger)))
    ),
    CourseName,
)
