"""How alike two texts are (notes §5.3): the Ratcliff-Obershelp ratio of `difflib`, with a cheap bound before it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher


class Likeness:
    """Compares one text, the query, with many."""

    def __init__(self, whole: str) -> None:
        self._whole = whole
        self.length = len(whole)
        self._full = (1 << self.length) - 1
        self._places: dict[str, int] = {}
        for place, character in enumerate(whole):
            self._places[character] = self._places.get(character, 0) | 1 << place

    def best(self, parts: Iterable[str], floor: float) -> float:
        """The highest ratio of the query to a part; where that is below `floor` any value below it will do."""
        best = 0.0
        for part in dict.fromkeys(parts):
            needed = max(best, floor)
            total = self.length + len(part)
            if not total or 2 * min(self.length, len(part)) < needed * total:
                continue
            # What difflib matches is a common subsequence: the longest one bounds the ratio from above.
            if needed and 2 * self.common_subsequence(part) < needed * total:
                continue
            best = max(best, SequenceMatcher(None, self._whole, part).ratio())
        return best

    def common_subsequence(self, text: str) -> int:
        """The length of the longest common subsequence, bit-parallel (Hyyrö 2004): one step per character."""
        places, row = self._places, self._full
        for character in text:
            if matches := places.get(character):
                step = row & matches
                row = (row + step) | (row - step)
        return self.length - (row & self._full).bit_count()
