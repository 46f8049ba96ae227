"""Lists that people look through: a search, a page, how many there are. For `/internal/admin/*` and operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, cast, func, or_, select
from sqlalchemy.sql import Select

from notechondria_shared.db.reader import Reads, prepare, prepare_scalar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MOST = 1000
"""Rows of one answer."""
RowT = TypeVar("RowT", bound="DataclassInstance")
_SEARCH = bindparam("search", type_=Text)
_USER = bindparam("user_id", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which rows: those that hold `search` (`""`: all), of one user (None: of all), from `offset` on."""

    search: str = ""
    user_id: int | None = None
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ListPage(Generic[RowT]):
    """Some rows of a list, and how many there are in all."""

    rows: list[RowT]
    total: int
    limit: int
    offset: int


class SearchableList(Generic[RowT]):
    """A statement as a searchable list of `row`s, newest first, compiled once.

    `searched` are looked through for a text, in any letter case; `key` is the row's id, which may be searched too.
    `owner` is the column of the user, when there is one.
    """

    def __init__(
        self,
        statement: Select[*tuple[Any, ...]],
        row: type[RowT],
        *,
        key: ColumnElement[int],
        searched: Sequence[ColumnElement[Any]],
        owner: ColumnElement[Any] | None = None,
        oldest_first: bool = False,
    ) -> None:
        words = func.lower(_SEARCH)
        contains = [func.strpos(func.lower(column), words) > 0 for column in searched]
        matching = statement.where(or_(_SEARCH == "", cast(key, Text) == _SEARCH, *contains))
        if owner is not None:
            matching = matching.where(or_(_USER.is_(None), owner == _USER))
        bounds = {name: bindparam(name, type_=BigInteger) for name in ("limit", "offset")}
        ordered = matching.order_by(key.asc() if oldest_first else key.desc())
        self._page = prepare(ordered.limit(bounds["limit"]).offset(bounds["offset"]), row)
        self._count = prepare_scalar(select(func.count()).select_from(matching.subquery()), int)
        self._one = prepare(statement.where(key == bindparam("key", type_=BigInteger)), row)
        self._owned = owner is not None

    async def read(self, read: Reads, query: PageQuery) -> ListPage[RowT]:
        """The rows that the query asks for."""
        params: dict[str, object] = {"search": query.search}
        if self._owned:
            params["user_id"] = query.user_id
        total = await read.value(self._count, **params) or 0
        rows = await read.all(self._page, **params, limit=query.limit, offset=query.offset)
        return ListPage(rows, total, query.limit, query.offset)

    async def one(self, read: Reads, key: int) -> RowT | None:
        """The row of an id; None when there is none."""
        return await read.one(self._one, key=key)
