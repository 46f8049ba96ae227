"""Ranking of a search (notes §5.3): exact words, words of the title, and likeness for misspelt ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import SequenceMatcher

from notechondria_shared.database.tables import Row
from notechondria_shared.errors import Unavailable

LIKENESS = 0.45
"""A note without a matching word is found from this similarity on."""
FULL = "Search is busy: Notes.Search/rank — please try again in a moment."


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


def score(query: Query, title: str, description: str, content: str) -> float | None:
    """The score of a note, None when it is not found."""
    lowered = title.lower()
    searchable = f"{title} {description} {content}".lower()
    exact = sum(word in searchable for word in query.words)
    in_title = sum(word in lowered for word in query.words)
    parts = (lowered, description.lower(), content[:400].lower(), searchable[:500])
    fuzzy = _likeness(query.whole, parts, 0.0 if exact else LIKENESS)
    if not exact and fuzzy < LIKENESS:
        return None
    return 10 * exact + 5 * in_title + fuzzy


def _likeness(whole: str, parts: Sequence[str], floor: float) -> float:
    """The highest Ratcliff-Obershelp ratio; below `floor` any value below it will do."""
    best = 0.0
    for part in dict.fromkeys(parts):
        matcher = SequenceMatcher(None, whole, part)
        needed = max(best, floor)
        # Both are upper bounds of the ratio, and cheap: most notes end here.
        if matcher.real_quick_ratio() >= needed and matcher.quick_ratio() >= needed:
            best = max(best, matcher.ratio())
    return best


def rank(query: Query, rows: Sequence[Row]) -> list[int]:
    """Ids of the notes found, best first; equal scores by last edit, then title."""
    found: list[tuple[float, Row]] = []
    for row in rows:
        points = score(query, row["title"], row["description"] or "", row["content"])
        if points is not None:
            found.append((points, row))
    # Sorting is stable: the last criterion first.
    found.sort(key=lambda entry: entry[1]["title"].lower())
    found.sort(key=lambda entry: (entry[0], entry[1]["last_edit"]), reverse=True)
    return [row["id"] for _, row in found]


class SearchPool:
    """Threads that rank, few and with a bounded queue: the event loop never does it."""

    def __init__(self, workers: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="search")
        self._room = workers + queue

    async def rank(self, query: Query, rows: Sequence[Row]) -> list[int]:
        """`rank` in a thread; 503 when too many wait already."""
        if self._room <= 0:
            raise Unavailable(FULL)
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, rank, query, rows)
        finally:
            self._room += 1

    def close(self) -> None:
        """Let running work end."""
        self._pool.shutdown(wait=False, cancel_futures=True)
