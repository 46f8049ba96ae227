"""Reads of notes. No list reads a note's text: what it shows of it is kept beside it."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Text,
    and_,
    any_,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql import Select
from sqlalchemy.sql.elements import ColumnElement

from notechondria_shared.database import Prepared, prepare
from notes_service.events import NOTE_STATE
from notes_service.models import Author, Course, Note, NoteSearch

Scope = Literal["personal", "private", "public", "all", "anonymous"]

HEAD = 500
"""Characters of a text that likeness looks at."""
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


_detail = summaries(Note.content, Note.metadata_json, Note.custom_meta).where(*live())
DETAIL = prepare(_detail.where(Note.id == bindparam("note_id")))
DETAIL_BY_UUID = prepare(_detail.where(Note.uuid == bindparam("note_uuid")))
SUMMARY = prepare(summaries().where(Note.id == bindparam("note_id"), *live()))
_access = select(Note.id, Note.creator_id, Note.is_public).where(*live())
ACCESS = prepare(_access.where(Note.id == bindparam("note_id")))
ACCESS_BY_UUID = prepare(_access.where(Note.uuid == bindparam("note_uuid")))
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
    return _filters(_in_scope(scope), in_course, containing)


def _filters(scope: ColumnElement[bool], in_course: bool, containing: bool) -> list[ColumnElement[bool]]:
    conditions = [*live(), scope]
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


_WORDS: BindParameter[Any] = bindparam("words", type_=ARRAY(Text))


Arm = tuple[ColumnElement[bool], ColumnElement[bool]]
"""A part of a scope, said of the note and of its row in the index."""


def _arms(scope: Scope) -> list[Arm]:
    """The scope in parts with an index each, so that other people's private notes cost nothing."""
    own: Arm = (_in_scope("personal" if scope == "all" else scope), NoteSearch.creator_id == _VIEWER)
    match scope:
        case "anonymous":
            return [(_in_scope(scope), NoteSearch.is_public.expression)]
        case "all":
            foreign: Arm = (
                and_(Note.is_public, Note.creator_id != _VIEWER),
                and_(NoteSearch.is_public, NoteSearch.creator_id != _VIEWER),
            )
            return [own, foreign]
        case _:
            return [own]


@cache
def with_words(scope: Scope, in_course: bool, containing: bool) -> Prepared:
    """Notes of a listing that hold one of `words`, and how many of them (`exact`); `patterns` are the words for LIKE.

    Materialized: the trigram index finds them, and the rows are looked at afterwards.
    """
    words = func.unnest(_WORDS).table_valued("word", name="words").render_derived(name="words")
    held = select(func.count()).select_from(words).where(func.strpos(NoteSearch.searchable, words.c.word) > 0)
    parts = []
    for number, (of_note, of_index) in enumerate(_arms(scope)):
        found = (
            select(NoteSearch.note_id, held.correlate(NoteSearch.__table__).scalar_subquery().label("exact"))
            .where(of_index, NoteSearch.searchable.like(any_(bindparam("patterns", type_=ARRAY(Text)))))
            .cte(f"found{number}")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        parts.append(
            select(
                Note.id,
                Note.title,
                Note.description,
                Note.last_edit,
                func.octet_length(Note.content).label("octets"),
                found.c.exact,
            )
            .join(found, found.c.note_id == Note.id)
            .where(*_filters(of_note, in_course, containing))
        )
    return prepare(union_all(*parts))


def _may_be_alike(text: ColumnElement[Any]) -> ColumnElement[bool]:
    """False for a text that cannot reach a ratio of 0.45: too few of its characters stand in the query at all.

    `length` is the query's, `letters` its distinct characters; a ratio is at most twice the common characters through
    the sum of the lengths.
    """
    length, lowered = bindparam("length", type_=BigInteger), func.lower(func.coalesce(text, ""))
    whole = func.char_length(lowered)
    common = func.least(length, whole - func.char_length(func.translate(lowered, bindparam("letters", type_=Text), "")))
    return 200 * common >= 45 * (length + whole)


@cache
def alike(scope: Scope, in_course: bool, containing: bool) -> Prepared:
    """Notes of a listing of which some part may be like the query.

    `head` is the beginning of the text where that may be short enough (at most `head_bytes`).
    """
    short_text = func.octet_length(Note.content) <= bindparam("head_bytes", type_=BigInteger)
    possible = or_(_may_be_alike(Note.title.expression), _may_be_alike(Note.description.expression), short_text)
    parts = [
        select(
            Note.id,
            Note.title,
            Note.description,
            Note.last_edit,
            case((short_text, func.left(Note.content, HEAD))).label("head"),
        ).where(*_filters(of_note, in_course, containing), possible)
        for of_note, _ in _arms(scope)
    ]
    return prepare(union_all(*parts))


HEADS = prepare(
    select(Note.id, func.left(Note.content, HEAD).label("head")).where(
        Note.id == any_(bindparam("note_ids", type_=ARRAY(BigInteger)))
    )
)


_GIVEN = (
    "creator_id", "course_id", "uuid", "sharing_id", "title", "description", "is_public", "content", "excerpt",
    "preview_lines", "metadata_json", "custom_meta", "client_draft_id", "note_type", "source_note_id", "editor_mode",
    "date_created", "last_edit",
)  # fmt: skip
INSERT = prepare(
    upsert(Note)
    .values({**{name: bindparam(name, required=True) for name in _GIVEN}, "cover_image": "", "revision": 1})
    .on_conflict_do_nothing(
        index_elements=[Note.creator_id, Note.client_draft_id], index_where=Note.client_draft_id.is_not(None)
    )
    .returning(*NOTE_STATE)
)
"""A new note; no row when the draft id is in use."""
