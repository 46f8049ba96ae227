"""Names and lines that are most like a text, for refusals that say what may be meant.

The Indel ratio is computed in time that no text can draw out; `difflib` takes seconds for texts made for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import Indel

COMPARED, MOST_COMPARED = 120, 300
"""Characters of a text that are compared with others, and how many others."""
CLOSE = 0.6


def alike(text: str, known: Sequence[str], count: int, cutoff: float = CLOSE) -> list[str]:
    """Those that are most like a text, the nearest first. Of each the beginning is compared, and of many the first."""
    parts = [part[:COMPARED] for part in known[:MOST_COMPARED]]
    nearest = process.extract(
        text.strip()[:COMPARED], parts, scorer=Indel.normalized_similarity, limit=count, score_cutoff=cutoff
    )
    return [known[position] for _, _, position in nearest]
