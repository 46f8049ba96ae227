"""What was typed, as the values that it stands for."""

from __future__ import annotations

_ID_DIGITS = 18


def whole_number(typed: str) -> int:
    """An id that a row may have; 0 for what is none."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _ID_DIGITS else 0
