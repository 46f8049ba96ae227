"""Ranking of a search (notes §5.3): exact words, words of the title, and likeness for misspelt ones.

The score is 10 per exact word, 5 per word of the title, and a likeness of at most 1. So the whole points sort notes
into tiers that likeness cannot leave, and only the tiers that reach into the page asked for need it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from heapq import heappush, heappushpop
from typing import ParamSpec, TypeVar

from notechondria_shared.database.tables import Row
from notechondria_shared.errors import Unavailable
from notechondria_shared.fields.rules import BIGINT_MAX
from notes_service.notes.likeness import Likeness

LIKENESS = 0.45
"""A note without a matching word is found from this similarity on."""
CONTENT_HEAD, TEXT_HEAD = 400, 500
FULL = "Search is busy: Notes.Search/rank — please try again in a moment."

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Query:
    """A search text: lower-cased whole and words."""

    whole: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Query:
        """From what the user typed."""
        whole = text.strip().lower()
        return cls(whole, tuple(whole.split()))

    def bounds(self) -> dict[str, int | str]:
        """What a text must have to be alike enough: a ratio is at most 2·min/sum of the lengths."""
        length = len(self.whole)
        longest = int(length * (2 - LIKENESS) / LIKENESS) + 1
        # Longer texts are never looked at whole, and characters are at most four bytes.
        head_bytes = BIGINT_MAX if longest >= CONTENT_HEAD else 4 * longest
        return {"length": length, "letters": "".join(sorted(set(self.whole))), "head_bytes": head_bytes}


def like_pattern(word: str) -> str:
    """The word, anywhere, for LIKE."""
    escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _names(row: Row) -> tuple[str, str]:
    """Title and description, as likeness looks at them."""
    return row["title"].lower(), (row["description"] or "").lower()


def _heads(row: Row, head: str) -> tuple[str, str]:
    """The beginnings of the text, and of everything."""
    whole = f"{row['title']} {row['description'] or ''} {head}"
    return head[:CONTENT_HEAD].lower(), whole.lower()[:TEXT_HEAD]


@dataclass
class Sorting:
    """Notes found, best first as far as the page needs it."""

    start: int
    end: int | None
    total: int = 0
    in_question: list[Row] = field(default_factory=list)
    """Notes whose place in the page depends on their likeness, which needs their text."""
    _ids: list[int] = field(default_factory=list)
    tiers: list[tuple[int, list[tuple[float, Row]]]] = field(default_factory=list)
    alike: list[tuple[float, Row]] = field(default_factory=list)

    def settle(self, query: Query, heads: Mapping[int, str]) -> None:
        """Order the notes in question, now that the beginnings of their texts are known."""
        likeness = Likeness(query.whole)
        for skipped, tier in self.tiers:
            most = None if self.end is None else self.end - skipped
            scored = [
                (max(fuzzy, likeness.best(_heads(row, heads[row["id"]]), fuzzy)) if row["id"] in heads else fuzzy, row)
                for fuzzy, row in tier
            ]
            self._ids += [row["id"] for row in _ordered(scored)][max(0, self.start - skipped) : most]

    def page(self) -> list[int]:
        """The ids of the page."""
        if self.alike:
            before = self.total - len(self.alike)
            most = None if self.end is None else max(0, self.end - before)
            return self._ids + [row["id"] for row in _ordered(self.alike)][max(0, self.start - before) : most]
        return self._ids


def sort_out(query: Query, with_words: Sequence[Row], alike: Sequence[Row], start: int, end: int | None) -> Sorting:
    """Sort notes that hold words into tiers, and find those that are merely like the query.

    `start` and `end` are the page, as a slice of all notes found.
    """
    tiers: defaultdict[int, list[Row]] = defaultdict(list)
    exact = set()
    for row in with_words:
        title = row["title"].lower()
        tiers[10 * row["exact"] + 5 * sum(word in title for word in query.words)].append(row)
        exact.add(row["id"])
    sorting = Sorting(start, end)
    likeness = Likeness(query.whole)
    for points in sorted(tiers, reverse=True):
        rows = tiers[points]
        if sorting.total + len(rows) > start and (end is None or sorting.total < end):
            tier = _first_look(likeness, rows, None if end is None else end - sorting.total)
            sorting.tiers.append((sorting.total, tier))
            sorting.in_question += [row for fuzzy, row in tier if _head_bound(likeness, row) > fuzzy]
        sorting.total += len(rows)
    for row in alike:
        if row["id"] not in exact:
            # Without a head the text is known to be too long to be like the query.
            heads = () if row["head"] is None else _heads(row, row["head"])
            fuzzy = likeness.best((*_names(row), *heads), LIKENESS)
            if fuzzy >= LIKENESS:
                sorting.alike.append((fuzzy, row))
    sorting.total += len(sorting.alike)
    return sorting


def _first_look(likeness: Likeness, rows: Sequence[Row], most: int | None) -> list[tuple[float, Row]]:
    """Rows with the likeness of their names; only those whose text could still bring them among the `most` first."""
    scored: list[tuple[float, Row]] = []
    best: list[float] = []
    for row in rows:
        full = most is not None and len(best) >= most
        fuzzy = likeness.best(_names(row), best[0] if full else 0.0)
        scored.append((fuzzy, row))
        if full:
            heappushpop(best, fuzzy)
        elif most is not None:
            heappush(best, fuzzy)
    if most is None or len(rows) <= most:
        return scored
    # The last of the best so far: whoever cannot reach it, by names or text, is not on the page.
    least = best[0]
    return [(fuzzy, row) for fuzzy, row in scored if fuzzy >= least or _head_bound(likeness, row) >= least]


def _head_bound(likeness: Likeness, row: Row) -> float:
    """What the likeness of the text cannot exceed; it has at least a quarter as many characters as bytes."""
    shortest = min(CONTENT_HEAD, int(row["octets"]) // 4)
    return 2.0 * likeness.length / (likeness.length + max(likeness.length, shortest))


def _ordered(found: list[tuple[float, Row]]) -> list[Row]:
    """Most alike first; equal ones by last edit, then title. Sorting is stable: the last criterion first."""
    found = sorted(found, key=lambda entry: entry[1]["title"].lower())
    found.sort(key=lambda entry: (entry[0], entry[1]["last_edit"]), reverse=True)
    return [row for _, row in found]


class SearchPool:
    """Threads that rank, few and with a bounded queue: the event loop never does it."""

    def __init__(self, workers: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="search")
        self._room = workers + queue

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it in a thread; 503 when too many wait already."""
        if self._room <= 0:
            raise Unavailable(FULL)
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **kwargs))
        finally:
            self._room += 1

    def close(self) -> None:
        """Let running work end."""
        self._pool.shutdown(wait=False, cancel_futures=True)
