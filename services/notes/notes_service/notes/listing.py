"""The list of notes: which notes it has, and its page (notes §5.3, decision 7)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from fastapi import Request

from notechondria_shared.db import Reader
from notes_service.callers import ANONYMOUS
from notes_service.notes import queries
from notes_service.notes.queries import ListScope, MatchesRow, Scope
from notes_service.notes.schemas import NotePage
from notes_service.search.pool import SearchPool
from notes_service.search.ranking import CandidateColumns, Query, SearchCandidates, Sorting, sort_out
from notes_service.summaries.queries import SummaryRow
from notes_service.summaries.schemas import NoteSummary, note_summary


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

    @classmethod
    def of(
        cls,
        viewer: int,
        *,
        scope: ListScope | None,
        q: str,
        contains: str,
        course_id: int | None,
        limit: int | None,
        offset: int | None,
    ) -> NoteListQuery:
        """From the parameters: anonymous callers have a scope of their own, and only pages have an offset."""
        return cls(
            scope="anonymous" if viewer == ANONYMOUS else scope or "personal",
            viewer=viewer,
            course_id=course_id or None,
            q=q,
            contains=contains,
            limit=limit,
            offset=0 if limit is None else offset or 0,
        )

    @property
    def variant(self) -> tuple[Scope, bool, bool]:
        """Which of the prepared statements it takes."""
        return self.scope, self.course_id is not None, bool(self.contains)

    @property
    def viewer_params(self) -> dict[str, int]:
        """What the search for words binds of it."""
        return {} if self.scope == "anonymous" else {"viewer": self.viewer}

    @property
    def params(self) -> dict[str, int | str]:
        """What the statements bind."""
        optional = {"course_id": self.course_id, "contains": self.contains or None}
        return {**{name: value for name, value in optional.items() if value is not None}, **self.viewer_params}


async def answer(
    request: Request, read: Reader, search: SearchPool, query: NoteListQuery
) -> list[NoteSummary] | NotePage:
    """The list, or the page when there is a limit. At most two statements, whatever the number of notes."""
    rows, total = await (_search(read, search, query) if query.q else _list(read, query))
    results = [note_summary(request, row) for row in rows]
    if query.limit is None:
        return results
    return {
        "results": results,
        "total": total,
        "offset": query.offset,
        "limit": query.limit,
        "has_more": query.offset + query.limit < total,
    }


async def _list(read: Reader, query: NoteListQuery) -> tuple[list[SummaryRow], int]:
    if query.limit is None:
        rows = await read.all(queries.listing(*query.variant, False), **query.params)
        return rows, len(rows)
    page = {"limit": query.limit, "offset": query.offset}
    rows = await read.all(queries.listing(*query.variant, True), **query.params, **page)
    if len(rows) < query.limit and (rows or not query.offset):
        return rows, query.offset + len(rows)  # the page reaches the end: no need to count
    return rows, await read.value(queries.total(*query.variant), **query.params) or 0


async def _search(read: Reader, search: SearchPool, query: NoteListQuery) -> tuple[list[SummaryRow], int]:
    """The page of a search, and how many notes it has: four statements at most."""
    text = Query.of(query.q)
    indexed, scanned = text.words
    matches, candidates = await asyncio.gather(
        read.all(queries.with_words(query.scope, bool(indexed), bool(scanned)), **query.viewer_params, **text.params),
        read.all(queries.candidates(*query.variant), **query.params, head_bytes=text.head_bytes),
    )
    end = None if query.limit is None else query.offset + query.limit
    sorting = await search.run(_ranked, text, matches[0], candidates[0], query.offset, end)
    asked = sorting.in_question
    heads = await read.all(queries.HEADS, note_ids=asked) if asked else []
    shown = await search.run(sorting.page, text, {row.id: row.head for row in heads})
    rows = {row.id: row for row in await read.all(queries.BY_IDS, note_ids=shown)} if shown else {}
    # A note that was purged since the first statement is missing.
    return [rows[note_id] for note_id in shown if note_id in rows], sorting.total


def _ranked(query: Query, matches: MatchesRow, columns: CandidateColumns, start: int, end: int | None) -> Sorting:
    exact = dict(zip(matches.note_ids or (), matches.exact or (), strict=True))
    return sort_out(query, SearchCandidates(columns), exact, start, end)
