"""Reads of notes. No list reads a note's text: what it shows of it is stored beside it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple, TypeVarTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    DateTime,
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
from sqlalchemy.sql import Select
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import TableValuedAlias

from notechondria_shared.db import Prepared, prepare
from notechondria_shared.db.reader import Scalar, prepare_scalar
from notes_service.models import Note, NoteSearch
from notes_service.popularity import queries as popularity
from notes_service.search.ranking import CandidateColumns
from notes_service.summaries.queries import NEWEST, SummaryRow, live, summaries, visible

ListScope = Literal["personal", "private", "public", "all"]
"""What a caller may ask for; an anonymous one gets public notes, whatever they ask for."""
SCOPES: tuple[ListScope, ...] = ("personal", "private", "public", "all")
Scope = ListScope | Literal["anonymous"]
Sort = Literal["newest", "oldest", "popular"]
SORTS: tuple[Sort, ...] = ("newest", "oldest", "popular")

Ts = TypeVarTuple("Ts")

HEAD = 500
"""Characters of a text that likeness looks at."""
_VIEWER: BindParameter[int] = bindparam("viewer", type_=BigInteger)


@dataclass(slots=True)
class DetailRow(SummaryRow):
    """A note with its text."""

    content: str
    metadata_json: str
    custom_meta: str


@dataclass(slots=True)
class ListedRow(SummaryRow):
    """A note of a page, and how many notes the whole list has."""

    total: int


@dataclass(slots=True)
class AccessRow:
    """What decides who may read and write a note."""

    id: int
    creator_id: int
    is_public: bool


@dataclass(slots=True)
class FolderRow:
    """What names the folder of a note's files."""

    creator_id: int
    uuid: UUID


@dataclass(slots=True)
class MatchesRow:
    """The notes that hold searched words, and how many of them each holds; None when there are none."""

    note_ids: list[int] | None
    exact: list[int] | None


@dataclass(slots=True)
class HeadRow:
    """The beginning of a note's text."""

    id: int
    head: str


@dataclass(slots=True)
class CreatedNote:
    """The columns of a new note that its event needs."""

    id: int
    uuid: UUID
    creator_id: int
    title: str
    description: str | None
    course_id: int | None
    revision: int


_detail = summaries(Note.content, Note.metadata_json, Note.custom_meta).where(*live())
DETAIL = prepare(_detail.where(Note.id == bindparam("note_id")), DetailRow)
DETAIL_BY_UUID = prepare(_detail.where(Note.uuid == bindparam("note_uuid")), DetailRow)
SUMMARY = prepare(summaries().where(Note.id == bindparam("note_id"), *live()), SummaryRow)
_access = select(Note.id, Note.creator_id, Note.is_public).where(*live())
ACCESS = prepare(_access.where(Note.id == bindparam("note_id")), AccessRow)
ACCESS_BY_UUID = prepare(_access.where(Note.uuid == bindparam("note_uuid")), AccessRow)
FOLDER = prepare(select(Note.creator_id, Note.uuid).where(Note.id == bindparam("note_id")), FolderRow)
BY_IDS = prepare(summaries().where(Note.id == any_(bindparam("note_ids", type_=ARRAY(BigInteger)))), SummaryRow)


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


class Variant(NamedTuple):
    """Which notes a list has, as far as the statement depends on it."""

    scope: Scope
    course: Literal["any", "one", "none"] = "any"
    containing: bool = False
    recent: bool = False
    """Only notes edited since `edited_since`."""


def _listed(variant: Variant) -> list[ColumnElement[bool]]:
    return _filters(_in_scope(variant.scope), variant)


def _filters(scope: ColumnElement[bool], variant: Variant) -> list[ColumnElement[bool]]:
    conditions = [*live(), scope]
    if variant.course == "one":
        conditions.append(Note.course_id == bindparam("course_id"))
    elif variant.course == "none":
        conditions.append(Note.course_id.is_(None))
    if variant.recent:
        conditions.append(Note.last_edit >= bindparam("edited_since", type_=DateTime(timezone=True), required=True))
    if variant.containing:
        words = func.lower(bindparam("contains", type_=Text))
        conditions.append(
            or_(func.strpos(func.lower(Note.title), words) > 0, func.strpos(func.lower(Note.content), words) > 0)
        )
    return conditions


@cache
def listed_page(variant: Variant, sort: Sort) -> Prepared[ListedRow]:
    """A page of summaries in their order, each with the number of all; the order `popular` takes `since`."""
    counted = select(func.count()).select_from(Note).where(*_listed(variant)).scalar_subquery().label("total")
    if sort == "popular":  # counts all uses, which would be done twice
        statement = _paged(_sorted(summaries().where(*_listed(variant)), sort))
        return prepare(statement.add_columns(counted), ListedRow)
    # Which notes it has is settled before anything else is read of them: earlier pages cost a walk along the index.
    page = _paged(_sorted(select(Note.id).where(*_listed(variant)), sort)).subquery("page")
    statement = _sorted(summaries().join(page, page.c.id == Note.id), sort)
    return prepare(statement.add_columns(counted), ListedRow)


@cache
def listed_ids(variant: Variant, sort: Sort) -> Scalar[int]:
    """All ids of a list in its order; the order `popular` takes `since`."""
    return prepare_scalar(_sorted(select(Note.id).where(*_listed(variant)), sort), int)


@cache
def listed_of(variant: Variant) -> Prepared[SummaryRow]:
    """Of `note_ids` those that are in the list, in any order."""
    which = Note.id == any_(bindparam("note_ids", type_=ARRAY(BigInteger)))
    return prepare(summaries().where(which, *_listed(variant)), SummaryRow)


@cache
def sorted_ids(sort: Sort, paged: bool) -> Prepared[SummaryRow]:
    """Of `note_ids` those that are still there, in their order; `paged` takes `limit` and `offset`."""
    which = Note.id == any_(bindparam("note_ids", type_=ARRAY(BigInteger)))
    statement = _sorted(summaries().where(which, *live()), sort)
    return prepare(_paged(statement) if paged else statement, SummaryRow)


def _sorted(statement: Select[*Ts], sort: Sort) -> Select[*Ts]:
    match sort:
        case "newest":
            return statement.order_by(*NEWEST)
        case "oldest":
            return statement.order_by(Note.last_edit, Note.id)
        case "popular":
            uses = popularity.uses()
            counted = statement.outerjoin(uses, uses.c.note_id == Note.id)
            return counted.order_by(func.coalesce(uses.c.uses, 0).desc(), *NEWEST)


def _paged(statement: Select[*Ts]) -> Select[*Ts]:
    return statement.limit(bindparam("limit", type_=BigInteger)).offset(bindparam("offset", type_=BigInteger))


@cache
def total(variant: Variant) -> Scalar[int]:
    """How many notes the list has."""
    return prepare_scalar(select(func.count()).select_from(Note).where(*_listed(variant)), int)


ScopeBranch = tuple[ColumnElement[bool], ColumnElement[bool]]
"""A part of a scope, as conditions on the note and on its row in the index."""


def _scope_branches(scope: Scope) -> list[ScopeBranch]:
    """The scope in parts with an index each, so that other people's private notes cost nothing."""
    own: ScopeBranch = (_in_scope("personal" if scope == "all" else scope), NoteSearch.creator_id == _VIEWER)
    match scope:
        case "anonymous":
            return [(_in_scope(scope), NoteSearch.is_public.expression)]
        case "all":
            foreign: ScopeBranch = (
                and_(Note.is_public, Note.creator_id != _VIEWER),
                and_(NoteSearch.is_public, NoteSearch.creator_id != _VIEWER),
            )
            return [own, foreign]
        case _:
            return [own]


@cache
def with_words(scope: Scope, indexed: bool, scanned: bool) -> Prepared[MatchesRow]:
    """Notes that hold one of the words: `note_ids`, and `exact`, how many of the words each holds.

    `indexed` words come as `patterns` for LIKE and `times`, how often each was typed: every word is one look-up in the
    trigram index, which counts them without reading a text again for each. `scanned` ones, as `unindexed_terms` and
    `unindexed_times`, are not in the index; it would be read from end to end, so the texts of the scope are read
    instead. Deleted notes may be among the matches: `candidates` knows which notes are in question.
    """
    matching: list[Select[int, int]] = []
    for of_note, of_index in _scope_branches(scope):
        if indexed:
            words = _words("pattern", "patterns", "times")
            like = NoteSearch.searchable.like(words.c.word)
            matching.append(
                select(NoteSearch.note_id, words.c.times).join_from(words, NoteSearch, and_(of_index, like))
            )
        if scanned:
            words = _words("term", "unindexed_terms", "unindexed_times")
            in_text = func.strpos(NoteSearch.searchable, words.c.word) > 0
            times = select(func.sum(words.c.times)).where(in_text).correlate(NoteSearch.__table__).scalar_subquery()
            matching.append(
                select(NoteSearch.note_id, times.cast(BigInteger).label("times"))
                .join(Note, Note.id == NoteSearch.note_id)
                .where(of_index, of_note, *live())
            )
    matches = union_all(*matching).subquery("matches")
    counted = (
        select(matches.c.note_id, func.sum(matches.c.times).cast(BigInteger).label("exact"))
        .where(matches.c.times > 0)
        .group_by(matches.c.note_id)
        .subquery("counted")
    )
    return prepare(
        select(func.array_agg(counted.c.note_id).label("note_ids"), func.array_agg(counted.c.exact).label("exact")),
        MatchesRow,
    )


def _words(name: str, words: str, times: str) -> TableValuedAlias:
    """Two arrays, `word` by `times`."""
    arrays = bindparam(words, type_=ARRAY(Text)), bindparam(times, type_=ARRAY(BigInteger))
    columns = column("word", Text), column("times", BigInteger)
    return func.unnest(*arrays).table_valued(*columns, name=name).render_derived(name=name)


@cache
def candidates(variant: Variant) -> Prepared[CandidateColumns]:
    """What ranking reads of all notes of a list, an array for each column: 10,000 notes are one row.

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
            ).where(*_filters(of_note, variant))
            for of_note, _ in _scope_branches(variant.scope)
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
        ),
        CandidateColumns,
    )


HEADS = prepare(
    select(Note.id, func.left(Note.content, HEAD).label("head")).where(
        Note.id == any_(bindparam("note_ids", type_=ARRAY(BigInteger)))
    ),
    HeadRow,
)


_COLUMNS = (
    "creator_id", "course_id", "uuid", "sharing_id", "title", "description", "is_public", "content", "excerpt",
    "preview_lines", "metadata_json", "custom_meta", "client_draft_id", "note_type", "source_note_id", "editor_mode",
    "date_created", "last_edit",
)  # fmt: skip
INSERT = prepare(
    upsert(Note)
    .values(
        {
            **{name: bindparam(name, required=True) for name in _COLUMNS},
            "cover_image": "",
            "cover_size": 0,
            "revision": 1,
        }
    )
    .on_conflict_do_nothing(
        index_elements=[Note.creator_id, Note.client_draft_id], index_where=Note.client_draft_id.is_not(None)
    )
    .returning(*Note.event_columns()),
    CreatedNote,
)
"""A new note; no row when the draft id is in use."""
