"""Reads of notes. No list reads a note's text: what it shows of it is kept beside it."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from sqlalchemy import ARRAY, BigInteger, Text, and_, any_, bindparam, func, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql import Select
from sqlalchemy.sql.elements import ColumnElement

from notechondria_shared.database import Prepared, prepare
from notes_service.models import Author, Course, Note

Scope = Literal["personal", "private", "public", "all", "anonymous"]

NEWEST = (Note.last_edit.desc(), Note.id.desc())
_VIEWER = bindparam("viewer", type_=BigInteger)
_source = aliased(Note, name="source")


def live() -> tuple[ColumnElement[bool], ...]:
    """Notes that do not lie in the recycle bin."""
    return (Note.deleted_at.is_(None),)


def visible(viewer: ColumnElement[int]) -> ColumnElement[bool]:
    """A note that is not public is shown to its own author only (notes §12, 1; decisions 4)."""
    return or_(Note.is_public, Note.creator_id == viewer)


def summaries(*more: InstrumentedAttribute[Any]) -> Select[*tuple[Any, ...]]:
    """The columns of a summary, and `more`, of notes with author, course and source."""
    return (
        select(
            Note.id,
            Note.uuid,
            Note.title,
            Note.description,
            Note.excerpt,
            Note.preview_lines,
            Note.editor_mode,
            Note.note_type,
            Note.is_public,
            Note.last_edit,
            Note.date_created,
            Note.course_id,
            Note.creator_id,
            Note.cover_image,
            Course.title.label("course_title"),
            Course.slug.label("course_slug"),
            Author.username,
            Author.image_path,
            _source.uuid.label("source_note_uuid"),
            *more,
        )
        .join(Author, Author.user_id == Note.creator_id)
        .outerjoin(Course, Course.id == Note.course_id)
        .outerjoin(_source, _source.id == Note.source_note_id)
    )


DETAIL = prepare(
    summaries(Note.content, Note.metadata_json, Note.custom_meta).where(Note.id == bindparam("note_id"), *live())
)
ACCESS = prepare(select(Note.creator_id, Note.is_public).where(Note.id == bindparam("note_id"), *live()))
BY_IDS = prepare(summaries().where(Note.id == any_(bindparam("note_ids", type_=ARRAY(BigInteger)))))


def _own() -> ColumnElement[bool]:
    return Note.creator_id == _VIEWER


def _in_scope(scope: Scope) -> ColumnElement[bool]:
    match scope:
        case "anonymous":
            return Note.is_public == true()
        case "private":
            return and_(_own(), not_(Note.is_public))
        case "public":
            return and_(_own(), Note.is_public)
        case "all":
            return visible(_VIEWER)
        case "personal":
            return _own()


def _listed(scope: Scope, in_course: bool, containing: bool) -> list[ColumnElement[bool]]:
    conditions = [*live(), _in_scope(scope)]
    if in_course:
        conditions.append(Note.course_id == bindparam("course_id"))
    if containing:
        words = func.lower(bindparam("contains", type_=Text))
        conditions.append(
            or_(func.strpos(func.lower(Note.title), words) > 0, func.strpos(func.lower(Note.content), words) > 0)
        )
    return conditions


@cache
def listing(scope: Scope, in_course: bool, containing: bool, paged: bool) -> Prepared:
    """Summaries, last edited first; `paged` takes `limit` and `offset`."""
    statement = summaries().where(*_listed(scope, in_course, containing)).order_by(*NEWEST)
    if paged:
        statement = statement.limit(bindparam("limit", type_=BigInteger)).offset(bindparam("offset", type_=BigInteger))
    return prepare(statement)


@cache
def total(scope: Scope, in_course: bool, containing: bool) -> Prepared:
    """How many notes the listing has."""
    return prepare(select(func.count()).select_from(Note).where(*_listed(scope, in_course, containing)))


@cache
def candidates(scope: Scope, in_course: bool, containing: bool) -> Prepared:
    """What ranking needs of the notes of a listing."""
    columns = (Note.id, Note.title, Note.description, Note.content, Note.last_edit)
    return prepare(select(*columns).where(*_listed(scope, in_course, containing)))
