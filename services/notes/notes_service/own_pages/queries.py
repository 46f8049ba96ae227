"""Reads for the pages on which people see what is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, SQLColumnExpression, any_, bindparam, cast, func, literal, or_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from notechondria_shared.db import prepare, prepare_scalar
from notes_service.models import Course, Note, NoteAttachment, NoteVersion

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


@dataclass(slots=True)
class BinnedRow:
    """A note in the recycle bin."""

    id: int
    title: str
    course: str
    deleted_at: datetime
    size: int


@dataclass(slots=True)
class Used:
    """How many there are of something, and how many bytes they take up."""

    number: int
    size: int


def _bytes(*columns: SQLColumnExpression[str]) -> SQLColumnExpression[int]:
    return cast(sum(func.octet_length(column) for column in columns), BigInteger)


_NOTE_SIZE = _bytes(Note.content, Note.title)
_VERSION_SIZE = _bytes(NoteVersion.content, NoteVersion.title)
_ZERO = literal(0, BigInteger)
_ONE = bindparam("note_id", type_=BigInteger)
BIN_PAGE = 50
BIN = prepare(
    select(
        Note.id,
        Note.title,
        func.coalesce(Course.title, "").label("course"),
        Note.deleted_at,
        (
            _NOTE_SIZE
            + Note.cover_size
            + select(func.coalesce(func.sum(NoteAttachment.file_size), _ZERO))
            .where(NoteAttachment.note_id == Note.id)
            .scalar_subquery()
            + select(func.coalesce(func.sum(_VERSION_SIZE), _ZERO))
            .where(NoteVersion.note_id == Note.id)
            .scalar_subquery()
        ).label("size"),
    )
    .outerjoin(Course, Course.id == Note.course_id)
    .where(Note.creator_id == _USER, Note.deleted_at.is_not(None), or_(_ONE.is_(None), Note.id == _ONE))
    .order_by(Note.deleted_at.desc(), Note.id.desc())
    .limit(BIN_PAGE + 1)
    .offset(bindparam("page_offset", type_=BigInteger)),
    BinnedRow,
)
BIN_COUNT = prepare_scalar(
    select(func.count()).select_from(Note).where(Note.creator_id == _USER, Note.deleted_at.is_not(None)), int
)


def _used(size: SQLColumnExpression[int]) -> tuple[SQLColumnExpression[int], SQLColumnExpression[int]]:
    total = cast(func.coalesce(func.sum(size), _ZERO), BigInteger)
    return func.count().label("number"), total.label("size")


LIVE_NOTES = prepare(select(*_used(_NOTE_SIZE)).where(Note.creator_id == _USER, Note.deleted_at.is_(None)), Used)
BIN_NOTES = prepare(select(*_used(_NOTE_SIZE)).where(Note.creator_id == _USER, Note.deleted_at.is_not(None)), Used)
_SIZES = union_all(
    select(NoteAttachment.file_size.label("size"))
    .join(Note, Note.id == NoteAttachment.note_id)
    .where(Note.creator_id == _USER),
    select(Note.cover_size).where(Note.creator_id == _USER, Note.cover_image != ""),
).subquery()
FILES = prepare(select(*_used(_SIZES.c.size)), Used)
VERSIONS = prepare(select(*_used(_VERSION_SIZE)).where(NoteVersion.creator_id == _USER), Used)


@dataclass(slots=True)
class OwnNoteRow:
    """A note by its title."""

    title: str


@dataclass(slots=True)
class VersionLine:
    """An earlier state of a note, without its text."""

    id: int
    title: str
    reason: str
    date_created: datetime


@dataclass(slots=True)
class ComparedRow(VersionLine):
    """A version, and the note as it is; of long texts the beginning."""

    content: str
    size: int
    note_title: str
    note_content: str
    note_size: int
    last_edit: datetime


LONGEST_COMPARED = 1_000_000
"""Characters of a text that are compared."""
_OWN_LIVE = (Note.id == _ONE, Note.creator_id == _USER, Note.deleted_at.is_(None))
_LINE = (NoteVersion.id, NoteVersion.title, NoteVersion.reason, NoteVersion.date_created)
OWN_NOTE = prepare(select(Note.title).where(*_OWN_LIVE), OwnNoteRow)
VERSION_LINES = prepare(
    select(*_LINE).where(NoteVersion.note_id == _ONE).order_by(NoteVersion.date_created.desc(), NoteVersion.id.desc()),
    VersionLine,
)
COMPARED = prepare(
    select(
        *_LINE,
        func.left(NoteVersion.content, LONGEST_COMPARED).label("content"),
        func.length(NoteVersion.content).label("size"),
        Note.title.label("note_title"),
        func.left(Note.content, LONGEST_COMPARED).label("note_content"),
        func.length(Note.content).label("note_size"),
        Note.last_edit,
    )
    .join(Note, Note.id == NoteVersion.note_id)
    .where(*_OWN_LIVE, NoteVersion.id == bindparam("version_id", type_=BigInteger)),
    ComparedRow,
)
