"""The list of notes: its query string, and its page (notes §5.3, decision 7)."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from notechondria_contracts.fields import messages
from notechondria_contracts.fields.rules import BIGINT_MAX
from notechondria_shared.core.errors import BadRequest, FieldErrors
from notechondria_shared.db import Reader
from notechondria_shared.db.tables import Row
from notes_service.authors.contact import ANONYMOUS
from notes_service.notes import queries
from notes_service.notes.queries import Scope
from notes_service.notes.schemas import NotePage, NoteSummary, note_summary
from notes_service.notes.search import Query, SearchCandidates, SearchPool, Sorting, sort_out

PAGE_MAXIMUM = 100
_SCOPES: dict[str, Scope] = {"personal": "personal", "private": "private", "public": "public", "all": "all"}


def whole_number(name: str, text: str) -> int | None:
    """A number of the query string; None when blank, 400 `{"detail"}` when it is none."""
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,1000}", text, re.ASCII):
        raise BadRequest(f"{name}: {messages.NOT_INTEGER}")
    return max(-BIGINT_MAX, min(int(text), BIGINT_MAX))


def words(name: str, text: str) -> str:
    """A text of the query string, trimmed; NUL is refused."""
    if "\x00" in text:
        raise FieldErrors(**{name: messages.NUL_CHARACTER})
    return text.strip()


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked for. `limit` None means everything, without an envelope."""

    scope: Scope
    viewer: int
    course_id: int | None
    q: str
    contains: str
    limit: int | None
    offset: int

    @classmethod
    def of(cls, viewer: int, *, scope: str, q: str, contains: str, course_id: str, limit: str, offset: str) -> Listing:
        """Read the query string; 400 for numbers that are none."""
        wanted, start = whole_number("limit", limit), whole_number("offset", offset)
        return cls(
            scope="anonymous" if viewer == ANONYMOUS else _SCOPES.get(scope.strip().lower(), "personal"),
            viewer=viewer,
            course_id=whole_number("course_id", course_id) or None,
            q=words("q", q),
            contains=words("contains", contains),
            limit=None if wanted is None else max(1, min(wanted, PAGE_MAXIMUM)),
            offset=0 if wanted is None else max(0, start or 0),
        )

    @property
    def variant(self) -> tuple[Scope, bool, bool]:
        """Which of the prepared statements it takes."""
        return self.scope, self.course_id is not None, bool(self.contains)

    @property
    def searcher(self) -> dict[str, int]:
        """What finding words binds of it."""
        return {} if self.scope == "anonymous" else {"viewer": self.viewer}

    @property
    def params(self) -> dict[str, Any]:
        """What the statements bind."""
        given = {"course_id": self.course_id, "contains": self.contains or None}
        named = {name: value for name, value in given.items() if value is not None}
        return {**named, **self.searcher}


async def answer(request: Request, read: Reader, wanted: Listing) -> list[NoteSummary] | NotePage:
    """The list, or the page when a limit was given. At most two statements, whatever the number of notes."""
    if wanted.q:
        rows, total = await _found(read, request.app.state.search, wanted)
    else:
        rows, total = await _listed(read, wanted)
    results = [note_summary(request, row) for row in rows]
    if wanted.limit is None:
        return results
    return {
        "results": results,
        "total": total,
        "offset": wanted.offset,
        "limit": wanted.limit,
        "has_more": wanted.offset + wanted.limit < total,
    }


async def _listed(read: Reader, wanted: Listing) -> tuple[list[dict[str, Any]], int]:
    if wanted.limit is None:
        rows = await read.all(queries.listing(*wanted.variant, False), **wanted.params)
        return rows, len(rows)
    page = {"limit": wanted.limit, "offset": wanted.offset}
    rows = await read.all(queries.listing(*wanted.variant, True), **wanted.params, **page)
    if len(rows) < wanted.limit and (rows or not wanted.offset):
        return rows, wanted.offset + len(rows)  # the end is in sight: no need to count
    return rows, await read.value(queries.total(*wanted.variant), **wanted.params)


async def _found(read: Reader, search: SearchPool, wanted: Listing) -> tuple[list[dict[str, Any]], int]:
    """The page of a search, and how many notes it found: four statements at most."""
    query = Query.of(wanted.q)
    indexed, scanned = query.words
    found, everything = await asyncio.gather(
        read.all(queries.with_words(wanted.scope, bool(indexed), bool(scanned)), **wanted.searcher, **query.params),
        read.all(queries.everything(*wanted.variant), **wanted.params, head_bytes=query.head_bytes),
    )
    end = None if wanted.limit is None else wanted.offset + wanted.limit
    sorting = await search.run(_ranked, query, found[0], everything[0], wanted.offset, end)
    asked = sorting.in_question
    heads = await read.all(queries.HEADS, note_ids=asked) if asked else []
    shown = await search.run(sorting.page, query, {row["id"]: row["head"] for row in heads})
    rows = {row["id"]: row for row in await read.all(queries.BY_IDS, note_ids=shown)} if shown else {}
    # A note that was purged meanwhile is simply missing.
    return [rows[note_id] for note_id in shown if note_id in rows], sorting.total


def _ranked(query: Query, found: Row, columns: Row, start: int, end: int | None) -> Sorting:
    exact = dict(zip(found["note_ids"] or (), found["exact"] or (), strict=True))
    return sort_out(query, SearchCandidates(columns), exact, start, end)
