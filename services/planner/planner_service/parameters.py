"""Query parameters that the contract reads leniently: what is unreadable is ignored, never an error."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\s*[+-]?\d{1,1000}\s*", re.ASCII)


def clamped(text: str, lowest: int, highest: int) -> int | None:
    """The whole number in `text`, cut to `lowest..highest`; None when there is none."""
    return max(lowest, min(highest, int(text))) if _NUMBER.fullmatch(text) else None


def is_on(text: str) -> bool:
    """True for `1` and `true`."""
    return text.strip().lower() in {"1", "true"}
