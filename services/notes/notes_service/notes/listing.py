"""The list of notes: which notes it has, and its page (notes §5.3, decision 7)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from fastapi import Request, Response

from notechondria_contracts.fields.rules import BIGINT_MAX
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Reader
from notechondria_shared.web.answers import SLICE, Json, json_in_slices
from notes_service.callers import ANONYMOUS
from notes_service.notes import queries
from notes_service.search.pool import SearchPool
from notes_service.search.queries import HEADS, candidates
from notes_service.search.ranking import CandidateColumns, Query, SearchCandidates, Sorting, sort_out
from notes_service.summaries.brief import NoteBrief, note_briefs
from notes_service.summaries.cursors import Cursor
from notes_service.summaries.queries import SummaryRow
from notes_service.summaries.schemas import NotePage, NoteSummary, note_summaries
from notes_service.summaries.slices import in_slices
from notes_service.summaries.variants import Fields, ListScope, Scope, Sort, Variant

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NoteListQuery:
    """What a request asks for. `limit` None is everything, without an envelope."""

    scope: Scope
    viewer: int
    course_id: int | None
    q: str
    contains: str
    limit: int | None
    offset: int
    without_course: bool = False
    sort: Sort | None = None
    since: datetime | None = None
    """Only notes edited since then, and what counts for `popular`; None is all."""
    cursor: Cursor | None = None
    brief: bool = False

    @classmethod
    def of(
        cls,
        viewer: int,
        *,
        scope: ListScope | None,
        q: str,
        contains: str,
        course_id: int | Literal["none"] | None,
        limit: int | None,
        offset: int | None,
        sort: Sort | None = None,
        window: int | None = None,
        cursor: str | None = None,
        fields: Fields | None = None,
    ) -> NoteListQuery:
        """From the parameters: anonymous callers have a scope of their own, and only pages have an offset or cursor."""
        begun = None if cursor is None or limit is None else Cursor.of(cursor)
        start = offset or 0 if begun is None else begun.offset
        return cls(
            scope="anonymous" if viewer == ANONYMOUS else scope or "personal",
            viewer=viewer,
            course_id=None if course_id == "none" else course_id or None,
            q=q,
            contains=contains,
            limit=limit,
            offset=0 if limit is None else start,
            without_course=course_id == "none",
            sort=sort,
            since=None if window is None else now() - timedelta(days=window),
            cursor=begun,
            brief=fields == "brief",
        )

    def described(self, request: Request, rows: Sequence[SummaryRow]) -> Sequence[NoteSummary | NoteBrief]:
        """Rows as they are answered."""
        return note_briefs(rows) if self.brief else note_summaries(request, rows)

    @property
    def is_keyed(self) -> bool:
        """Whether its cursor is the last note of the page before: without a search, by the last edit."""
        in_order = not self.q and self.sort != "popular"
        return in_order and self.cursor is not None and (self.cursor.edited is not None or not self.cursor.offset)

    @property
    def is_first_of_own(self) -> bool:
        """Whether it is the first page of all of one's own notes, for which there are statements of its own."""
        counted = self.q or self.cursor is not None or self.sort == "popular"
        return self.limit is not None and not self.offset and not counted and self.variant == queries.ALL_OWN

    @property
    def is_costly(self) -> bool:
        """Whether it costs more the more notes a person has."""
        return self.limit is None or bool(self.q)

    @property
    def variant(self) -> Variant:
        """Which of the prepared statements it takes."""
        course: Literal["any", "one", "none"] = "none" if self.without_course else "any"
        return Variant(
            self.scope,
            course if self.course_id is None else "one",
            containing=bool(self.contains),
            recent=self.since is not None,
        )

    @property
    def page_params(self) -> dict[str, int]:
        """What a statement with a page binds of it."""
        return {} if self.limit is None else {"limit": self.limit, "offset": self.offset}

    def sort_params(self, sort: Sort) -> dict[str, datetime]:
        """What a sorted statement binds."""
        return {"since": self.since or BEGINNING} if sort == "popular" else {}

    @property
    def viewer_params(self) -> dict[str, int]:
        """What the search for words binds of it."""
        return {} if self.scope == "anonymous" else {"viewer": self.viewer}

    @property
    def params(self) -> dict[str, int | str | datetime]:
        """What the statements bind."""
        optional = {"course_id": self.course_id, "contains": self.contains or None, "edited_since": self.since}
        return {**{name: value for name, value in optional.items() if value is not None}, **self.viewer_params}


async def answer(request: Request, read: Reader, search: SearchPool, query: NoteListQuery) -> Response:
    """The list (`NoteSummary`), or the page (`NotePage`) when there is a limit. A page takes a statement."""
    if query.limit is None:
        return await _whole(request, read, search, query)
    if query.brief and query.is_first_of_own:
        short = await read.all(queries.first_brief_page(query.sort or "newest", query.limit), viewer=query.viewer)
        return Json(_envelope(query, note_briefs(short), short[0].total if short else 0))
    rows, total = await (_search(read, search, query) if query.q else _page(read, query))
    if query.cursor is not None:
        return Json(_cut(request, query, rows, total))
    return Json(_envelope(query, query.described(request, rows), total))


def _envelope(query: NoteListQuery, results: Sequence[NoteSummary | NoteBrief], total: int) -> NotePage:
    limit = query.limit or 0
    return {
        "results": results,
        "total": total,
        "offset": query.offset,
        "limit": limit,
        "has_more": query.offset + limit < total,
    }


def _cut(request: Request, query: NoteListQuery, rows: Sequence[SummaryRow], total: int) -> NotePage:
    """A page of a cursor (decision 66): of lists by the last edit one row more was read than is shown."""
    limit = query.limit or 0
    if query.is_keyed:
        follows, rows = len(rows) > limit, rows[:limit]
        following = Cursor(rows[-1].last_edit, rows[-1].id) if follows else None
    else:
        following = Cursor(offset=query.offset + limit) if query.offset + limit < total else None
    return {
        "results": query.described(request, rows),
        "total": total,
        "offset": query.offset,
        "limit": limit,
        "has_more": following is not None,
        "next": None if following is None else following.text,
    }


async def _whole(request: Request, read: Reader, search: SearchPool, query: NoteListQuery) -> Response:
    """All of a list, in slices: one with fifty thousand notes must not keep others waiting."""

    async def of_search() -> AsyncIterator[list[SummaryRow]]:
        rows, _ = await _search(read, search, query)
        for first in range(0, len(rows), SLICE):
            yield rows[first : first + SLICE]

    async def of_list() -> AsyncIterator[list[SummaryRow]]:
        sort, variant = query.sort or "newest", query.variant
        ids = await read.all(queries.listed_ids(variant, sort), **query.params, **query.sort_params(sort))
        statement = queries.listed_of(variant)
        async for rows in in_slices(ids, lambda which: read.all(statement, note_ids=which, **query.params)):
            yield rows

    slices = of_search() if query.q else of_list()
    return await json_in_slices(query.described(request, rows) async for rows in slices)


async def _page(read: Reader, query: NoteListQuery) -> tuple[Sequence[SummaryRow], int]:
    sort, variant = query.sort or "newest", query.variant
    if query.is_keyed and query.cursor is not None:
        after = query.cursor
        statement = queries.listed_after(variant, sort, begun=after.edited is not None)
        where = {} if after.edited is None else {"after_edit": after.edited, "after_id": after.note_id}
        keyed = await read.all(statement, **query.params, **where, limit=(query.limit or 0) + 1)
        return keyed, keyed[0].total if keyed else await read.value(queries.total(variant), **query.params) or 0
    if query.limit is not None and query.is_first_of_own:
        rows = await read.all(queries.first_page(sort, query.limit), viewer=query.viewer)
        return rows, rows[0].total if rows else 0
    bound = {**query.params, **query.sort_params(sort), **query.page_params}
    rows = await read.all(queries.listed_page(variant, sort), **bound)
    if rows:
        return rows, rows[0].total
    return rows, await read.value(queries.total(variant), **query.params) or 0  # an empty page may be behind the last


async def _search(read: Reader, search: SearchPool, query: NoteListQuery) -> tuple[list[SummaryRow], int]:
    """The page of a search, and how many notes it has: three statements at most."""
    text = Query.of(query.q)
    # Another order than the best match first needs all that were found.
    first, end = (0, None) if query.sort or query.limit is None else (query.offset, query.offset + query.limit)
    statement = candidates(query.variant, text.kinds, capped=end is not None)
    most = {} if end is None else {"most": min(end, BIGINT_MAX)}
    (columns,) = await read.all(statement, **query.params, **text.params, **most, head_bytes=text.head_bytes)
    sorting = await search.run(_ranked, text, columns, first, end)
    contenders = sorting.contenders
    looks = await read.all(HEADS, note_ids=contenders, in_question=sorting.in_question) if contenders else []
    heads = {row.id: row.head for row in looks if row.head is not None}
    shown = await search.run(sorting.page, text, heads, {row.id: row.edit for row in looks})
    if query.sort:
        ordered = queries.sorted_ids(query.sort, query.limit is not None)
        bound = {**query.sort_params(query.sort), **query.page_params}
        return await read.all(ordered, note_ids=shown, **bound), sorting.total
    rows = {row.id: row for row in await read.all(queries.BY_IDS, note_ids=shown)} if shown else {}
    # A note that was purged since the first statement is missing.
    return [rows[note_id] for note_id in shown if note_id in rows], sorting.total


def _ranked(query: Query, columns: CandidateColumns, start: int, end: int | None) -> Sorting:
    return sort_out(query, SearchCandidates(columns), start, end)
