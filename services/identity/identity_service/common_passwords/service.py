"""What the account pages refuse as a password, beside the rules of the API (identity §7.1): what is guessed first."""

from __future__ import annotations

import gzip
import re
from functools import cache
from importlib import resources

from notechondria_shared.core.errors import FieldErrors

COMMON = "This password is one of the 10,000 most common ones; it is guessed at once. Choose another."
LIKE_NAME = "This password is your user name or address with little else. Choose another."
_SHORTEST_NAME = 3
_ADDED = 4
"""So few characters more do not make a password of a name."""


@cache
def _common() -> frozenset[str]:
    packed = resources.files(__package__).joinpath("list.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split("\n"))


def problem_of(password: str, *names: str) -> str | None:
    """Why somebody would guess a password of who is called by `names`; None when it is fine."""
    lowered = password.lower()
    # A capital letter, and a digit or a sign at the end, are what the rules make of a common one.
    stem = re.sub(r"[^a-z]+$", "", lowered)
    if lowered in _common() or (len(lowered) - len(stem) <= _ADDED and stem in _common()):
        return COMMON
    for name in {part for one in names for part in (one.lower(), one.lower().partition("@")[0])}:
        if len(name) >= _SHORTEST_NAME and name in lowered and len(lowered) - len(name) <= _ADDED:
            return LIKE_NAME
    return None


def check(password: str, *names: str) -> None:
    """400 `password` for one that would be guessed."""
    if problem := problem_of(password, *names):
        raise FieldErrors(password=problem)
