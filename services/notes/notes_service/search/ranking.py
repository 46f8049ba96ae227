"""Ranking of a search (notes §5.3): exact words, words of the title, and likeness for misspelt ones.

The score is 10 per exact word, 5 per word of the title, and a likeness of at most 1. So the whole points sort notes
into tiers that likeness cannot leave, and only the tiers that reach into the page asked for need it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from itertools import islice

from notechondria_contracts.fields.rules import BIGINT_MAX
from notes_service.search.likeness import Likeness

LIKENESS = 0.45
"""A note without a matching word is found from this similarity on."""
WORDS = 64
"""Different words that are looked for; each is a look-up in the index, and a query may be a page of text."""
CONTENT_HEAD, TEXT_HEAD = 400, 500
_INDEXED = re.compile(r"[a-z0-9]{3}", re.ASCII)
"""Three letters or digits in a row are a trigram, whatever the database's locale takes for letters beyond ASCII."""

Scored = tuple[float, int]
"""A likeness, and the position of the note that has it."""


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
        params: dict[str, list[str] | list[int]] = {}
        if indexed:
            params |= {
                "patterns": [like_pattern(one) for one in indexed],
                "times": [self.times[one] for one in indexed],
            }
        if scanned:
            params |= {"unindexed_terms": scanned, "unindexed_times": [self.times[one] for one in scanned]}
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
    """What ranking reads of all notes of a list, an array for each column; None instead of an empty array.

    `edits` are microseconds since 1970, `octets` the lengths of the texts in bytes, `heads` the beginnings of short
    texts.
    """

    ids: list[int] | None
    titles: list[str] | None
    descriptions: list[str] | None
    edits: list[int] | None
    octets: list[int] | None
    heads: list[str | None] | None


class SearchCandidates:
    """All notes of a list, column by column; a note is its position in the columns."""

    def __init__(self, columns: CandidateColumns) -> None:
        self.ids = columns.ids or []
        self._titles = columns.titles or []
        self._descriptions = columns.descriptions or []
        self.titles = [title.lower() for title in self._titles]
        self.descriptions = [description.lower() for description in self._descriptions]
        self.edits = columns.edits or []
        self._octets = columns.octets or []
        self.heads = columns.heads or []

    def names(self, position: int) -> tuple[str, str]:
        """Title and description, as likeness looks at them."""
        return self.titles[position], self.descriptions[position]

    def beginnings(self, position: int, head: str) -> tuple[str, str]:
        """The beginnings of the text, and of everything."""
        whole = f"{self._titles[position]} {self._descriptions[position]} {head}"
        return head[:CONTENT_HEAD].lower(), whole.lower()[:TEXT_HEAD]

    def bound(self, length: int, position: int) -> float:
        """What the likeness of the text cannot exceed; it has at least a quarter as many characters as bytes."""
        shortest = min(CONTENT_HEAD, self._octets[position] // 4)
        return 2.0 * length / (length + max(length, shortest))

    def ordered(self, scored: list[Scored]) -> list[int]:
        """Ids, most similar first; equal ones by last edit, then title. Sorting is stable: the last criterion first."""
        scored = sorted(scored, key=lambda entry: self.titles[entry[1]])
        scored.sort(key=lambda entry: (entry[0], self.edits[entry[1]]), reverse=True)
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
    fuzzy_matches: list[Scored] = field(default_factory=list)

    def page(self, query: Query, heads: Mapping[int, str]) -> list[int]:
        """The ids of the page, now that the beginnings of the texts in question are known."""
        likeness, ids = Likeness(query.whole), self.candidates.ids
        shown: list[int] = []
        for skipped, tier in self.tiers:
            scored = []
            for fuzzy, position in tier:
                head = heads.get(ids[position])
                of_text = 0.0 if head is None else likeness.best(self.candidates.beginnings(position, head), fuzzy)
                scored.append((max(fuzzy, of_text), position))
            shown += self._cut(scored, skipped)
        return shown + self._cut(self.fuzzy_matches, self.total - len(self.fuzzy_matches))

    def _cut(self, scored: list[Scored], skipped: int) -> list[int]:
        most = None if self.end is None else max(0, self.end - skipped)
        return self.candidates.ordered(scored)[max(0, self.start - skipped) : most]


def sort_out(
    query: Query, candidates: SearchCandidates, exact: Mapping[int, int], start: int, end: int | None
) -> Sorting:
    """Sort notes that hold words into tiers, and find those that are merely like the query.

    `exact` says how many words a note holds, by its id; `start` and `end` are the page, as a slice of all notes found.
    """
    likeness = Likeness(query.whole)
    tiers: defaultdict[int, list[int]] = defaultdict(list)
    fuzzy_matches = likeness.possible(candidates.titles, LIKENESS) | likeness.possible(
        candidates.descriptions, LIKENESS
    )
    for position, (note_id, title, head) in enumerate(
        zip(candidates.ids, candidates.titles, candidates.heads, strict=True)
    ):
        if words := exact.get(note_id):
            name = as_indexed(title)
            tiers[10 * words + 5 * sum(query.times[word] for word in query.times if word in name)].append(position)
            fuzzy_matches.discard(position)
        elif head is not None:
            fuzzy_matches.add(position)
    sorting = Sorting(candidates, start, end)
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
    for position in sorted(fuzzy_matches):
        # Without a head the text is known to be too long to be like the query.
        head = candidates.heads[position]
        texts = () if head is None else candidates.beginnings(position, head)
        fuzzy = likeness.best((*candidates.names(position), *texts), LIKENESS)
        if fuzzy >= LIKENESS:
            sorting.fuzzy_matches.append((fuzzy, position))
    sorting.total += len(sorting.fuzzy_matches)
    return sorting


def _first_look(
    likeness: Likeness, candidates: SearchCandidates, positions: Sequence[int], most: int | None
) -> list[Scored]:
    """Positions with the likeness of their names; only those whose text may bring them among the `most` first."""
    scored: list[Scored] = []
    best: list[float] = []
    for position in positions:
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
