"""Ranking of a search (notes §5.3): exact words, words of the title, and likeness for misspelt ones.

The score is 10 per exact word, 5 per word of the title, and a likeness of at most 1. So the whole points sort notes
into tiers that likeness cannot leave, and only the tiers that reach into the page asked for need it.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop, nlargest
from itertools import islice
from typing import NamedTuple

from notechondria_contracts.fields.rules import BIGINT_MAX
from notes_service.search.likeness import Likeness

LIKENESS = 0.45
"""A note without a matching word is found from this similarity on."""
WORDS = 64
"""Different words that are looked for; each is a look-up in the index, and a query may be a page of text."""
PIECE = 32
"""Characters of a word that are looked up as they are: a longer one may be spread over two words of the index."""
CONTENT_HEAD, TEXT_HEAD = 400, 500
LOOKED_AT = 500
"""Notes whose names are compared at a time, so that those after them need only reach the best of these."""
_INDEXED = re.compile(r"[a-z0-9]{3}", re.ASCII)
"""Three letters or digits in a row are a trigram, whatever the database's locale takes for letters beyond ASCII."""

Scored = tuple[float, int]
"""A likeness, and the position of the note that has it."""


class WordKinds(NamedTuple):
    """Which words a query has: with a trigram, without one, any longer than a piece; and whether it is just one."""

    indexed: bool
    scanned: bool
    long: bool
    single: bool


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
        indexed = [one for one in self.times if _INDEXED.search(one[:PIECE])]
        return indexed, [one for one in self.times if one not in indexed]

    @property
    def kinds(self) -> WordKinds:
        """What the statement that looks for the words depends on."""
        indexed, scanned = self.words
        is_long = any(len(one) > PIECE for one in self.times)
        return WordKinds(bool(indexed), bool(scanned), long=is_long, single=len(self.times) == 1)

    @property
    def params(self) -> dict[str, list[str] | list[int]]:
        """What finding the words binds: each once, and how often it was typed."""
        params: dict[str, list[str] | list[int]] = {}
        for kind, words in zip(("indexed", "scanned"), self.words, strict=True):
            if words:
                beginnings = [one[:PIECE] for one in words]
                params |= {
                    f"{kind}_terms": words,
                    f"{kind}_beginnings": beginnings,
                    f"{kind}_patterns": [like_pattern(one) for one in beginnings],
                    f"{kind}_times": [self.times[one] for one in words],
                }
        return params

    @property
    def head_bytes(self) -> int:
        """Longer texts are not like the query: a ratio is at most 2·min/sum of the lengths."""
        longest = int(len(self.whole) * (2 - LIKENESS) / LIKENESS) + 1
        # Longer beginnings are never compared whole, and characters are at most four bytes.
        return BIGINT_MAX if longest >= CONTENT_HEAD else 4 * longest


def like_pattern(word: str) -> str:
    """The word, anywhere, for LIKE."""
    escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def as_indexed(lowered: str) -> str:
    """Small letters as the index has them: one sigma, whose form depends on where a word ends, and no dots on an i."""
    return lowered.replace("\u03c2", "\u03c3").replace("i\u0307", "i")


@dataclass(slots=True)
class CandidateColumns:
    """What ranking reads of all notes of a list: packed numbers and joined texts, None instead of empty ones.

    First notes that hold words, how many of them (`exact`), and the lengths of their texts in bytes; of all that do
    (`matched`) those are left out that cannot be on the page. Then those that hold none, and of these the short texts.
    """

    ids: bytes | None
    exact: bytes | None
    titles: bytes | None
    descriptions: bytes | None
    octets: bytes | None
    matched: int
    other_ids: bytes | None
    other_titles: bytes | None
    other_descriptions: bytes | None
    short_ids: bytes | None
    short_texts: bytes | None


def _numbers(packed: bytes | None) -> array[int]:
    numbers = array("q", packed or b"")
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _texts(joined: bytes | None) -> list[str]:
    return [] if joined is None else joined.decode().split("\0")


def _lowered(joined: bytes | None) -> list[str]:
    """The texts in small letters. What letter becomes which depends on its neighbours, never on those beyond a NUL."""
    return [] if joined is None else joined.decode().lower().split("\0")


class SearchCandidates:
    """All notes of a list, column by column; a note is its position in the columns. The first ones hold words."""

    def __init__(self, columns: CandidateColumns) -> None:
        self.ids = _numbers(columns.ids) + _numbers(columns.other_ids)
        self.exact = _numbers(columns.exact)
        self.passed_over = columns.matched - len(self.exact)
        self.titles = _lowered(columns.titles) + _lowered(columns.other_titles)
        self.descriptions = _lowered(columns.descriptions) + _lowered(columns.other_descriptions)
        self._octets = _numbers(columns.octets)
        self.short = dict(zip(_numbers(columns.short_ids), _texts(columns.short_texts), strict=True))

    def names(self, position: int) -> tuple[str, str]:
        """Title and description, as likeness looks at them."""
        return self.titles[position], self.descriptions[position]

    def beginnings(self, position: int, head: str) -> tuple[str, str]:
        """The beginnings of the text, of which `head` is one, and of everything."""
        whole = f"{self.titles[position]} {self.descriptions[position]} {head.lower()}"
        return head[:CONTENT_HEAD].lower(), whole[:TEXT_HEAD]

    def bound(self, length: int, position: int) -> float:
        """What the likeness of the text cannot exceed; it has at least a quarter as many characters as bytes."""
        shortest = min(CONTENT_HEAD, self._octets[position] // 4)
        return 2.0 * length / (length + max(length, shortest))

    def ordered(self, scored: list[Scored], edits: Mapping[int, int]) -> list[int]:
        """Ids, most similar first; equal ones by last edit, then title. Sorting is stable: the last criterion first.

        A note without an edit is purged since.
        """
        scored = [entry for entry in scored if self.ids[entry[1]] in edits]
        scored.sort(key=lambda entry: self.titles[entry[1]])
        scored.sort(key=lambda entry: (entry[0], edits[self.ids[entry[1]]]), reverse=True)
        return [self.ids[position] for _, position in scored]


@dataclass
class Sorting:
    """Notes found, best first as far as the page needs it."""

    candidates: SearchCandidates
    start: int
    end: int | None
    total: int = 0
    in_question: list[int] = field(default_factory=list)
    """Ids of notes whose position in the page depends on their likeness, which needs their text."""
    tiers: list[tuple[int, list[Scored]]] = field(default_factory=list)
    """How many notes come before them, and those that may be on the page; the last ones merely resemble the query."""

    @property
    def contenders(self) -> list[int]:
        """Ids of the notes whose order has to be settled."""
        return [self.candidates.ids[position] for _, tier in self.tiers for _, position in tier]

    def page(self, query: Query, heads: Mapping[int, str], edits: Mapping[int, int]) -> list[int]:
        """The ids of the page, now that the beginnings of the texts in question are known."""
        likeness, ids = Likeness(query.whole), self.candidates.ids
        shown: list[int] = []
        for skipped, tier in self.tiers:
            scored = []
            for fuzzy, position in tier:
                head = heads.get(ids[position])
                of_text = 0.0 if head is None else likeness.best(self.candidates.beginnings(position, head), fuzzy)
                scored.append((max(fuzzy, of_text), position))
            most = None if self.end is None else max(0, self.end - skipped)
            shown += self.candidates.ordered(scored, edits)[max(0, self.start - skipped) : most]
        return shown


def sort_out(query: Query, candidates: SearchCandidates, start: int, end: int | None) -> Sorting:
    """Sort notes that hold words into tiers, and find those that are merely like the query.

    `start` and `end` are the page, as a slice of all notes found.
    """
    likeness = Likeness(query.whole)
    sorting = Sorting(candidates, start, end)
    tiers: defaultdict[int, list[int]] = defaultdict(list)
    of_title = [(word, 5 * times) for word, times in query.times.items()]
    names = as_indexed("\0".join(candidates.titles[: len(candidates.exact)])).split("\0")
    for position, (words, name) in enumerate(zip(candidates.exact, names, strict=False)):
        points = 10 * words
        for word, more in of_title:
            if word in name:
                points += more
        tiers[points].append(position)
    for points in sorted(tiers, reverse=True):
        positions = tiers[points]
        if sorting.total + len(positions) > start and (end is None or sorting.total < end):
            tier = _first_look(likeness, candidates, positions, None if end is None else end - sorting.total)
            sorting.tiers.append((sorting.total, tier))
            sorting.in_question += [
                candidates.ids[position]
                for fuzzy, position in tier
                if candidates.bound(likeness.length, position) > fuzzy
            ]
        sorting.total += len(positions)
    sorting.total += candidates.passed_over
    alike = _alike(likeness, candidates)
    if alike and sorting.total + len(alike) > start and (end is None or sorting.total < end):
        sorting.tiers.append((sorting.total, _best(alike, None if end is None else end - sorting.total)))
    sorting.total += len(alike)
    return sorting


def _alike(likeness: Likeness, candidates: SearchCandidates) -> list[Scored]:
    """Notes without a word of the query that are like it as a whole."""
    first = len(candidates.exact)
    possible = {first + at for at in likeness.possible(candidates.titles[first:], LIKENESS)}
    possible |= {first + at for at in likeness.possible(candidates.descriptions[first:], LIKENESS)}
    if candidates.short:
        possible |= {at for at in range(first, len(candidates.ids)) if candidates.ids[at] in candidates.short}
    alike: list[Scored] = []
    for position in sorted(possible):
        # Without a head the text is known to be too long to be like the query.
        head = candidates.short.get(candidates.ids[position])
        texts = () if head is None else candidates.beginnings(position, head)
        fuzzy = likeness.best((*candidates.names(position), *texts), LIKENESS)
        if fuzzy >= LIKENESS:
            alike.append((fuzzy, position))
    return alike


def _best(scored: list[Scored], most: int | None) -> list[Scored]:
    """Those that are as like as the last of the `most` best."""
    if most is None or len(scored) <= most:
        return scored
    least = nlargest(most, scored)[-1][0]
    return [one for one in scored if one[0] >= least]


def _likely(likeness: Likeness, candidates: SearchCandidates, positions: Sequence[int], floor: float) -> set[int]:
    """Which of `positions`, counted from 0, have a name whose likeness may reach `floor`."""
    names = zip(*(candidates.names(position) for position in positions), strict=True)
    return set().union(*(likeness.possible(each, floor) for each in names))


def _first_look(
    likeness: Likeness, candidates: SearchCandidates, positions: Sequence[int], most: int | None
) -> list[Scored]:
    """Positions with the likeness of their names; only those whose text may bring them among the `most` first."""
    scored: list[Scored] = []
    best: list[float] = []
    for first in range(0, len(positions), LOOKED_AT):
        piece = positions[first : first + LOOKED_AT]
        full = most is not None and len(best) >= most
        likely = _likely(likeness, candidates, piece, best[0]) if full else range(len(piece))
        for at, position in enumerate(piece):
            if at not in likely:
                scored.append((0.0, position))
                continue
            full = most is not None and len(best) >= most
            fuzzy = likeness.best(candidates.names(position), best[0] if full else 0.0)
            scored.append((fuzzy, position))
            if full:
                heappushpop(best, fuzzy)
            elif most is not None:
                heappush(best, fuzzy)
    if most is None or len(positions) <= most:
        return scored
    # The last of the best so far: a note that cannot reach it, by names or text, is not on the page.
    least = best[0]
    return [one for one in scored if one[0] >= least or candidates.bound(likeness.length, one[1]) >= least]
