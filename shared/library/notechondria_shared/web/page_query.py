"""Which rows of a searchable list a request asks for; what cannot be read counts as absent."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from notechondria_shared.db.listing import MOST, PageQuery
from notechondria_shared.web.query import QueryInteger

_LONGEST = 200
_DIGITS = 18

Search = Annotated[str, Query(description="Only rows that hold this text, in any letter case.")]
OfUser = Annotated[int | None, QueryInteger(0, 10**_DIGITS, lenient=True), Query(description="Only rows of this user.")]
Limit = Annotated[int | None, QueryInteger(0, MOST, lenient=True), Query(description="Rows at most.")]
Offset = Annotated[int | None, QueryInteger(0, 10**9, lenient=True), Query(description="Rows to pass over.")]


async def _page_query(
    search: Search = "", user_id: OfUser = None, limit: Limit = None, offset: Offset = None
) -> PageQuery:
    return PageQuery(
        search.replace("\x00", "").strip()[:_LONGEST], user_id or None, 50 if limit is None else limit, offset or 0
    )


Page = Annotated[PageQuery, Depends(_page_query)]
