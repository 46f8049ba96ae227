"""How similar two texts are (notes §5.3): the Ratcliff-Obershelp ratio of `difflib`, with a cheap bound before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import Indel

try:
    from cydifflib import SequenceMatcher  # the same, compiled: a quarter of the time
except ImportError:  # where there is no wheel of it
    from difflib import SequenceMatcher

_ROUNDING = 1e-5
"""Bounds are computed another way than ratios: what differs by less than this may be equal."""
PIECE = 4000
"""Texts that are compared at a time: a millisecond."""


class Likeness:
    """Compares one text, the query, with many."""

    def __init__(self, whole: str) -> None:
        self._whole = whole
        self.length = len(whole)
        self._ratios: dict[str, float] = {}

    def best(self, parts: Iterable[str], floor: float) -> float:
        """The highest ratio of the query to a part; where that is below `floor` any value below it will do."""
        best = 0.0
        for part in dict.fromkeys(parts):
            needed = max(best, floor)
            if not part or self.bound(part, needed) < needed - _ROUNDING:
                continue
            if part not in self._ratios:
                self._ratios[part] = SequenceMatcher(None, self._whole, part).ratio()
            best = max(best, self._ratios[part])
        return best

    def bound(self, part: str, needed: float = 0.0) -> float:
        """What the ratio to `part` cannot exceed, or 0.0 when that is below `needed`.

        What difflib matches is a common subsequence; the longest one, taken twice through both lengths, is the
        similarity by insertions and deletions alone.
        """
        return float(Indel.normalized_similarity(self._whole, part, score_cutoff=max(0.0, needed - _ROUNDING)))

    def possible(self, parts: Sequence[str | None], floor: float) -> set[int]:
        """The positions in `parts` of those texts whose ratio may reach `floor`."""
        cutoff = max(0.0, floor - _ROUNDING)
        possible: set[int] = set()
        # Piece by piece: other threads get no turn while one is compared.
        for first in range(0, len(parts), PIECE):
            matches = process.extract(
                self._whole,
                parts[first : first + PIECE],
                scorer=Indel.normalized_similarity,
                processor=None,
                score_cutoff=cutoff,
                limit=None,
            )
            possible.update(first + position for _, _, position in matches)
        return possible
