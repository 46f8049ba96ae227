"""Reads of notes. No list reads a note's text: what it shows of it is stored beside it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache, lru_cache
from typing import TypeVarTuple
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, any_, bindparam, func, literal_column, select, true, tuple_
from sqlalchemy.sql import Select
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import Subquery

from notechondria_shared.db import Prepared, prepare
from notechondria_shared.db.reader import Scalar, prepare_scalar
from notes_service.blocks.queries import BlockRow, columns_of
from notes_service.models import Note
from notes_service.popularity import queries as popularity
from notes_service.summaries.brief import COLUMNS, BriefRow
from notes_service.summaries.models import NoteCount
from notes_service.summaries.queries import NEWEST, SummaryRow, live, summaries
from notes_service.summaries.variants import VIEWER, Sort, Variant, listed

Ts = TypeVarTuple("Ts")


@dataclass(slots=True)
class DetailRow(SummaryRow):
    """A note with its text."""

    content: str
    metadata_json: str
    custom_meta: str


@dataclass(slots=True)
class WholeRow(DetailRow):
    """A note with its text and the columns of its blocks."""

    block_id: list[int] | None
    block_block_type: list[str] | None
    block_text: list[str | None] | None
    block_args: list[str | None] | None
    block_is_ai_generated: list[bool] | None
    block_image: list[str] | None
    block_date_created: list[datetime] | None
    block_last_edit: list[datetime] | None

    @property
    def blocks(self) -> list[BlockRow]:
        """In their order."""
        columns = [getattr(self, f"block_{one.name}") or () for one in fields(BlockRow)]
        return [BlockRow(*values) for values in zip(*columns, strict=True)]


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


ALL_OWN = Variant("personal")
"""The list of all of one's own notes."""

_detail = summaries(Note.content, Note.metadata_json, Note.custom_meta).where(*live())
_blocks = columns_of(Note.id.expression)
_whole = _detail.join(_blocks, true()).add_columns(*_blocks.c)
DETAIL = prepare(_whole.where(Note.id == bindparam("note_id")), WholeRow)
DETAIL_BY_UUID = prepare(_whole.where(Note.uuid == bindparam("note_uuid")), WholeRow)
SUMMARY = prepare(summaries().where(Note.id == bindparam("note_id"), *live()), SummaryRow)
_access = select(Note.id, Note.creator_id, Note.is_public).where(*live())
ACCESS = prepare(_access.where(Note.id == bindparam("note_id")), AccessRow)
ACCESS_BY_UUID = prepare(_access.where(Note.uuid == bindparam("note_uuid")), AccessRow)
FOLDER = prepare(select(Note.creator_id, Note.uuid).where(Note.id == bindparam("note_id")), FolderRow)
BY_IDS = prepare(summaries().where(Note.id == any_(bindparam("note_ids", type_=ARRAY(BigInteger)))), SummaryRow)


@cache
def listed_page(variant: Variant, sort: Sort) -> Prepared[ListedRow]:
    """A page of summaries in their order, each with the number of all; the order `popular` takes `since`."""
    counted = _total(variant)
    if sort == "popular":  # counts all uses, which would be done twice
        statement = _paged(_sorted(summaries().where(*listed(variant)), sort))
        return prepare(statement.add_columns(counted), ListedRow)
    # Which notes it has is settled before anything else is read of them: earlier pages cost a walk along the index.
    page = _paged(_sorted(select(Note.id).where(*listed(variant)), sort)).subquery("page")
    return prepare(_of_page(page, sort).add_columns(counted), ListedRow)


@cache
def listed_after(variant: Variant, sort: Sort, *, begun: bool) -> Prepared[ListedRow]:
    """The first `limit` notes of a list by the last edit, or with `begun` those after the note `after_id`, which was
    last edited at `after_edit`: no note before it is looked at."""
    which = listed(variant)
    if begun:
        key = tuple_(Note.last_edit, Note.id)
        after = tuple_(bindparam("after_edit", type_=DateTime(timezone=True)), bindparam("after_id", type_=BigInteger))
        which.append(key > after if sort == "oldest" else key < after)
    statement = _sorted(summaries().where(*which), sort).limit(bindparam("limit", type_=BigInteger))
    return prepare(statement.add_columns(_total(variant)), ListedRow)


@lru_cache(maxsize=64)
def first_page(sort: Sort, limit: int) -> Prepared[ListedRow]:
    """The first page of all of one's own notes, which apps ask for most.

    Its limit stands in the statement: where that is a parameter, Postgres takes it for a tenth of the list and plans
    anew for each request, which is half of what the page costs it. Of narrower lists the best plan depends on whose
    notes they are, and of later pages on their offset.
    """
    page = _first(select(Note.id), sort, limit).subquery("page")
    return prepare(_of_page(page, sort).add_columns(_total(ALL_OWN)), ListedRow)


@lru_cache(maxsize=64)
def first_brief_page(sort: Sort, limit: int) -> Prepared[BriefRow]:
    """The same with short rows, which are in one table."""
    return prepare(_first(select(*COLUMNS, _total(ALL_OWN)), sort, limit), BriefRow)


@cache
def listed_ids(variant: Variant, sort: Sort) -> Scalar[int]:
    """All ids of a list in its order; the order `popular` takes `since`."""
    return prepare_scalar(_sorted(select(Note.id).where(*listed(variant)), sort), int)


@cache
def listed_of(variant: Variant) -> Prepared[SummaryRow]:
    """Of `note_ids` those that are in the list, in any order."""
    which = Note.id == any_(bindparam("note_ids", type_=ARRAY(BigInteger)))
    return prepare(summaries().where(which, *listed(variant)), SummaryRow)


@cache
def sorted_ids(sort: Sort, paged: bool) -> Prepared[SummaryRow]:
    """Of `note_ids` those that are still there, in their order; `paged` takes `limit` and `offset`."""
    which = Note.id == any_(bindparam("note_ids", type_=ARRAY(BigInteger)))
    statement = _sorted(summaries().where(which, *live()), sort)
    return prepare(_paged(statement) if paged else statement, SummaryRow)


def _first(statement: Select[*Ts], sort: Sort, limit: int) -> Select[*Ts]:
    return _sorted(statement.where(*listed(ALL_OWN)), sort).limit(literal_column(f"{limit:d}"))


def _of_page(page: Subquery, sort: Sort) -> Select[*tuple[object, ...]]:
    return _sorted(summaries().join(page, page.c.id == Note.id), sort)


def _total(variant: Variant) -> ColumnElement[int]:
    return _counted(variant).scalar_subquery().label("total")


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
    return prepare_scalar(_counted(variant), int)


def _counted(variant: Variant) -> Select[int]:
    """How many notes the list has: of one's own the kept sum, unless it depends on more than course and visibility."""
    if variant.scope in {"anonymous", "all"} or variant.containing or variant.recent:
        return select(func.count().label("notes")).select_from(Note).where(*listed(variant))
    added = func.coalesce(func.sum(NoteCount.notes), 0).cast(BigInteger).label("notes")
    kept = select(added).where(NoteCount.creator_id == VIEWER)
    if variant.scope != "personal":
        kept = kept.where(NoteCount.is_public == (variant.scope == "public"))
    if variant.course == "one":
        kept = kept.where(NoteCount.course_id == bindparam("course_id"))
    elif variant.course == "none":
        kept = kept.where(NoteCount.course_id.is_(None))
    return kept
