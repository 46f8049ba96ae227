"""Reads of notes. No list reads a note's text: what it shows of it is kept beside it."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Text,
    and_,
    any_,
    bindparam,
    case,
    column,
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
from sqlalchemy.sql.selectable import TableValuedAlias

from notechondria_shared.db import Prepared, prepare
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
    """A note that is not public is shown to its own author only (notes §12, decision 4)."""
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
FOLDER = prepare(select(Note.creator_id, Note.uuid).where(Note.id == bindparam("note_id")))
"""What names the folder of a note's files."""
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
def with_words(scope: Scope, indexed: bool, scanned: bool) -> Prepared:
    """Notes that hold one of the words: `note_ids`, and `exact`, how many of the words each holds.

    `indexed` words come as `patterns` for LIKE and `times`, how often each was typed: every word is a look of its own
    into the trigram index, which counts them without reading a text again for each. `scanned` ones, as `scraps` and
    `scrap_times`, are those the index knows nothing of; it would be read from end to end, so the texts of the scope are
    read instead. Deleted notes may be among the found: `everything` knows which notes are in question.
    """
    held: list[Select[*tuple[Any, ...]]] = []
    for of_note, of_index in _arms(scope):
        if indexed:
            words = _words("pattern", "patterns", "times")
            like = NoteSearch.searchable.like(words.c.word)
            held.append(select(NoteSearch.note_id, words.c.times).join_from(words, NoteSearch, and_(of_index, like)))
        if scanned:
            words = _words("scrap", "scraps", "scrap_times")
            in_text = func.strpos(NoteSearch.searchable, words.c.word) > 0
            times = select(func.sum(words.c.times)).where(in_text).correlate(NoteSearch.__table__).scalar_subquery()
            held.append(
                select(NoteSearch.note_id, times.cast(BigInteger).label("times"))
                .join(Note, Note.id == NoteSearch.note_id)
                .where(of_index, of_note, *live())
            )
    looked = union_all(*held).subquery("looked")
    counted = (
        select(looked.c.note_id, func.sum(looked.c.times).cast(BigInteger).label("exact"))
        .where(looked.c.times > 0)
        .group_by(looked.c.note_id)
        .subquery("counted")
    )
    return prepare(
        select(func.array_agg(counted.c.note_id).label("note_ids"), func.array_agg(counted.c.exact).label("exact"))
    )


def _words(name: str, words: str, times: str) -> TableValuedAlias:
    """Two arrays, `word` by `times`."""
    arrays = bindparam(words, type_=ARRAY(Text)), bindparam(times, type_=ARRAY(BigInteger))
    columns = column("word", Text), column("times", BigInteger)
    return func.unnest(*arrays).table_valued(*columns, name=name).render_derived(name=name)


@cache
def everything(scope: Scope, in_course: bool, containing: bool) -> Prepared:
    """What ranking looks at of all notes of a listing, a column an array: 10,000 notes are one row.

    `edits` are microseconds since 1970, `octets` the lengths of the texts in bytes; `heads` are the beginnings of those
    texts that are short enough to be like the query as a whole (at most `head_bytes`), else null.
    """
    short_text = func.octet_length(Note.content) <= bindparam("head_bytes", type_=BigInteger)
    parts = union_all(
        *(
            select(
                Note.id,
                Note.title,
                func.coalesce(Note.description, "").label("description"),
                (func.extract("epoch", Note.last_edit) * 1_000_000).cast(BigInteger).label("edit"),
                func.octet_length(Note.content).label("octets"),
                case((short_text, func.left(Note.content, HEAD))).label("head"),
            ).where(*_filters(of_note, in_course, containing))
            for of_note, _ in _arms(scope)
        )
    ).subquery("parts")
    return prepare(
        select(
            func.array_agg(parts.c.id).label("ids"),
            func.array_agg(parts.c.title).label("titles"),
            func.array_agg(parts.c.description).label("descriptions"),
            func.array_agg(parts.c.edit).label("edits"),
            func.array_agg(parts.c.octets).label("octets"),
            func.array_agg(parts.c.head).label("heads"),
        )
    )


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
    .returning(*Note.event_columns())
)
"""A new note; no row when the draft id is in use."""
