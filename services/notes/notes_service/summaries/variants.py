"""Which notes a list has, and in what order (notes §5.3, apps §4)."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sqlalchemy import BigInteger, BindParameter, DateTime, Text, and_, bindparam, func, not_, or_, true
from sqlalchemy.sql.elements import ColumnElement

from notes_service.models import Note
from notes_service.summaries.queries import live, visible

ListScope = Literal["personal", "private", "public", "all"]
"""What a caller may ask for; an anonymous one gets public notes, whatever they ask for."""
SCOPES: tuple[ListScope, ...] = ("personal", "private", "public", "all")
Scope = ListScope | Literal["anonymous"]
Sort = Literal["newest", "oldest", "popular"]
SORTS: tuple[Sort, ...] = ("newest", "oldest", "popular")
Fields = Literal["all", "brief"]
FIELDS: tuple[Fields, ...] = ("all", "brief")

VIEWER: BindParameter[int] = bindparam("viewer", type_=BigInteger)


class Variant(NamedTuple):
    """Which notes a list has, as far as the statement depends on it."""

    scope: Scope
    course: Literal["any", "one", "none"] = "any"
    containing: bool = False
    recent: bool = False
    """Only notes edited since `edited_since`."""


def listed(variant: Variant) -> list[ColumnElement[bool]]:
    """The conditions on a note."""
    conditions = [*live(), _in_scope(variant.scope)]
    if variant.course == "one":
        conditions.append(Note.course_id == bindparam("course_id"))
    elif variant.course == "none":
        conditions.append(Note.course_id.is_(None))
    return conditions + narrowed(variant)


def narrowed(variant: Variant) -> list[ColumnElement[bool]]:
    """Of the conditions those that only the note itself can answer."""
    conditions: list[ColumnElement[bool]] = []
    if variant.recent:
        conditions.append(Note.last_edit >= bindparam("edited_since", type_=DateTime(timezone=True), required=True))
    if variant.containing:
        words = func.lower(bindparam("contains", type_=Text))
        conditions.append(
            or_(func.strpos(func.lower(Note.title), words) > 0, func.strpos(func.lower(Note.content), words) > 0)
        )
    return conditions


def _in_scope(scope: Scope) -> ColumnElement[bool]:
    own = Note.creator_id == VIEWER
    match scope:
        case "anonymous":
            return Note.is_public == true()
        case "private":
            return and_(own, not_(Note.is_public))
        case "public":
            return and_(own, Note.is_public)
        case "all":
            return visible(VIEWER)
        case "personal":
            return own
