"""Ranking of a search (notes §5.3): exact words, words of the title, and likeness for misspelt ones.

The score is 10 per exact word, 5 per word of the title, and a likeness of at most 1. So the whole points sort notes
into tiers that likeness cannot leave, and only the tiers that reach into the page asked for need it.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from heapq import heappush, heappushpop
from itertools import islice
from typing import ParamSpec, TypeVar

from notechondria_contracts.fields.rules import BIGINT_MAX
from notechondria_shared.core.errors import Unavailable
from notechondria_shared.db.tables import Row
from notes_service.notes.likeness import Likeness

LIKENESS = 0.45
"""A note without a matching word is found from this similarity on."""
WORDS = 64
"""Different words that are looked for; each is a look into the index, and a page of text could be pasted as a query."""
CONTENT_HEAD, TEXT_HEAD = 400, 500
_INDEXED = re.compile(r"[a-z0-9]{3}", re.ASCII)
"""Three letters or digits in a row are a trigram, whatever the database's locale takes for letters beyond ASCII."""
FULL = "Search is busy: Notes.Search/rank — please try again in a moment."

P = ParamSpec("P")
T = TypeVar("T")
Scored = tuple[float, int]
"""A likeness, and the place of the note that has it."""


@dataclass(frozen=True, slots=True)
class Query:
    """A search text, lower-cased."""

    whole: str
    times: Mapping[str, int]
    """Its first words, as the index has them, and how often each stands in it."""

    @classmethod
    def of(cls, text: str) -> Query:
        """From what the user typed."""
        whole = text.strip().lower()
        return cls(whole, dict(islice(Counter(as_indexed(whole).split()).items(), WORDS)))

    @property
    def words(self) -> tuple[list[str], list[str]]:
        """The different words: those the trigram index finds, and those it knows nothing of."""
        indexed = [one for one in self.times if _INDEXED.search(one)]
        return indexed, [one for one in self.times if one not in indexed]

    @property
    def params(self) -> dict[str, list[str] | list[int]]:
        """What finding the words binds: each once, and how often it was typed."""
        indexed, scanned = self.words
        found: dict[str, list[str] | list[int]] = {}
        if indexed:
            found |= {"patterns": [like_pattern(one) for one in indexed], "times": [self.times[one] for one in indexed]}
        if scanned:
            found |= {"scraps": scanned, "scrap_times": [self.times[one] for one in scanned]}
        return found

    @property
    def head_bytes(self) -> int:
        """Longer texts are not like the query: a ratio is at most 2·min/sum of the lengths."""
        longest = int(len(self.whole) * (2 - LIKENESS) / LIKENESS) + 1
        # Longer beginnings are never looked at whole, and characters are at most four bytes.
        return BIGINT_MAX if longest >= CONTENT_HEAD else 4 * longest


def like_pattern(word: str) -> str:
    """The word, anywhere, for LIKE."""
    escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def as_indexed(lowered: str) -> str:
    """Small letters as the index has them: one sigma, whose form depends on where a word ends, and no dots on an i."""
    return lowered.replace("\u03c2", "\u03c3").replace("i\u0307", "i")


class SearchCandidates:
    """All notes of a listing, column by column; a note is its place in the columns."""

    def __init__(self, columns: Row) -> None:
        self.ids: list[int] = columns["ids"] or []
        self.titles = [title.lower() for title in columns["titles"] or []]
        self.descriptions = [description.lower() for description in columns["descriptions"] or []]
        self.edits: list[int] = columns["edits"] or []
        self._octets: list[int] = columns["octets"] or []
        self.heads: list[str | None] = columns["heads"] or []
        self._columns = columns

    def names(self, place: int) -> tuple[str, str]:
        """Title and description, as likeness looks at them."""
        return self.titles[place], self.descriptions[place]

    def beginnings(self, place: int, head: str) -> tuple[str, str]:
        """The beginnings of the text, and of everything."""
        whole = f"{self._columns['titles'][place]} {self._columns['descriptions'][place]} {head}"
        return head[:CONTENT_HEAD].lower(), whole.lower()[:TEXT_HEAD]

    def bound(self, length: int, place: int) -> float:
        """What the likeness of the text cannot exceed; it has at least a quarter as many characters as bytes."""
        shortest = min(CONTENT_HEAD, self._octets[place] // 4)
        return 2.0 * length / (length + max(length, shortest))

    def ordered(self, found: list[Scored]) -> list[int]:
        """Ids, most alike first; equal ones by last edit, then title. Sorting is stable: the last criterion first."""
        found = sorted(found, key=lambda entry: self.titles[entry[1]])
        found.sort(key=lambda entry: (entry[0], self.edits[entry[1]]), reverse=True)
        return [self.ids[place] for _, place in found]


@dataclass
class Sorting:
    """Notes found, best first as far as the page needs it."""

    shelf: SearchCandidates
    start: int
    end: int | None
    total: int = 0
    in_question: list[int] = field(default_factory=list)
    """Ids of notes whose place in the page depends on their likeness, which needs their text."""
    tiers: list[tuple[int, list[Scored]]] = field(default_factory=list)
    alike: list[Scored] = field(default_factory=list)

    def page(self, query: Query, heads: Mapping[int, str]) -> list[int]:
        """The ids of the page, now that the beginnings of the texts in question are known."""
        likeness, ids = Likeness(query.whole), self.shelf.ids
        shown: list[int] = []
        for skipped, tier in self.tiers:
            scored = []
            for fuzzy, place in tier:
                head = heads.get(ids[place])
                of_text = 0.0 if head is None else likeness.best(self.shelf.beginnings(place, head), fuzzy)
                scored.append((max(fuzzy, of_text), place))
            shown += self._cut(scored, skipped)
        return shown + self._cut(self.alike, self.total - len(self.alike))

    def _cut(self, scored: list[Scored], skipped: int) -> list[int]:
        most = None if self.end is None else max(0, self.end - skipped)
        return self.shelf.ordered(scored)[max(0, self.start - skipped) : most]


def sort_out(query: Query, shelf: SearchCandidates, exact: Mapping[int, int], start: int, end: int | None) -> Sorting:
    """Sort notes that hold words into tiers, and find those that are merely like the query.

    `exact` says how many words a note holds, by its id; `start` and `end` are the page, as a slice of all notes found.
    """
    likeness = Likeness(query.whole)
    tiers: defaultdict[int, list[int]] = defaultdict(list)
    alike = likeness.possible(shelf.titles, LIKENESS) | likeness.possible(shelf.descriptions, LIKENESS)
    for place, (note_id, title, head) in enumerate(zip(shelf.ids, shelf.titles, shelf.heads, strict=True)):
        if words := exact.get(note_id):
            name = as_indexed(title)
            tiers[10 * words + 5 * sum(query.times[word] for word in query.times if word in name)].append(place)
            alike.discard(place)
        elif head is not None:
            alike.add(place)
    sorting = Sorting(shelf, start, end)
    for points in sorted(tiers, reverse=True):
        places = tiers[points]
        if sorting.total + len(places) > start and (end is None or sorting.total < end):
            tier = _first_look(likeness, shelf, places, None if end is None else end - sorting.total)
            sorting.tiers.append((sorting.total, tier))
            sorting.in_question += [
                shelf.ids[place] for fuzzy, place in tier if shelf.bound(likeness.length, place) > fuzzy
            ]
        sorting.total += len(places)
    for place in sorted(alike):
        # Without a head the text is known to be too long to be like the query.
        head = shelf.heads[place]
        texts = () if head is None else shelf.beginnings(place, head)
        fuzzy = likeness.best((*shelf.names(place), *texts), LIKENESS)
        if fuzzy >= LIKENESS:
            sorting.alike.append((fuzzy, place))
    sorting.total += len(sorting.alike)
    return sorting


def _first_look(likeness: Likeness, shelf: SearchCandidates, places: Sequence[int], most: int | None) -> list[Scored]:
    """Places with the likeness of their names; only those whose text could still bring them among the `most` first."""
    scored: list[Scored] = []
    best: list[float] = []
    for place in places:
        full = most is not None and len(best) >= most
        fuzzy = likeness.best(shelf.names(place), best[0] if full else 0.0)
        scored.append((fuzzy, place))
        if full:
            heappushpop(best, fuzzy)
        elif most is not None:
            heappush(best, fuzzy)
    if most is None or len(places) <= most:
        return scored
    # The last of the best so far: whoever cannot reach it, by names or text, is not on the page.
    least = best[0]
    return [one for one in scored if one[0] >= least or shelf.bound(likeness.length, one[1]) >= least]


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
