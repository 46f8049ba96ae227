"""Lists that people look through: a search, a page, how many there are. For `/internal/admin/*` and operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, cast, func, or_, select
from sqlalchemy.sql import Select

from notechondria_shared.core.json_values import plain
from notechondria_shared.db.reader import Reads, prepare
from notechondria_shared.db.tables import Row

MOST = 1000
"""Rows of one answer."""
_SEARCH = bindparam("search", type_=Text)
_USER = bindparam("user_id", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which rows: those that hold `search` (`""`: all), of one user (None: of all), from `offset` on."""

    search: str = ""
    user_id: int | None = None
    limit: int = 50
    offset: int = 0


class SearchableList:
    """A statement as a searchable list, newest first, compiled once.

    `searched` are looked through for a text, in any letter case; `key` is the row's id, which may be searched too.
    `owner` is the column of the user, when there is one.
    """

    def __init__(
        self,
        statement: Select[*tuple[Any, ...]],
        *,
        key: ColumnElement[int],
        searched: Sequence[ColumnElement[Any]],
        owner: ColumnElement[Any] | None = None,
        oldest_first: bool = False,
    ) -> None:
        words = func.lower(_SEARCH)
        found = [func.strpos(func.lower(column), words) > 0 for column in searched]
        matching = statement.where(or_(_SEARCH == "", cast(key, Text) == _SEARCH, *found))
        if owner is not None:
            matching = matching.where(or_(_USER.is_(None), owner == _USER))
        bounds = {name: bindparam(name, type_=BigInteger) for name in ("limit", "offset")}
        ordered = matching.order_by(key.asc() if oldest_first else key.desc())
        self._page = prepare(ordered.limit(bounds["limit"]).offset(bounds["offset"]))
        self._count = prepare(select(func.count()).select_from(matching.subquery()))
        self._one = prepare(statement.where(key == bindparam("key", type_=BigInteger)))
        self._owned = owner is not None

    async def read(self, read: Reads, wanted: PageQuery) -> dict[str, Any]:
        """`{"results": [row], "total", "limit", "offset"}`, ready for JSON."""
        params: dict[str, Any] = {"search": wanted.search}
        if self._owned:
            params["user_id"] = wanted.user_id
        total = await read.value(self._count, **params)
        rows = await read.all(self._page, **params, limit=wanted.limit, offset=wanted.offset)
        page = {"total": total, "limit": wanted.limit, "offset": wanted.offset}
        return {"results": [plain(row) for row in rows], **page}

    async def one(self, read: Reads, key: int) -> Row | None:
        """The row of an id, ready for JSON; None when there is none."""
        row = await read.one(self._one, key=key)
        return None if row is None else plain(row)
