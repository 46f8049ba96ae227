"""What was typed, as the values that it stands for."""

from __future__ import annotations

import unicodedata

_ID_DIGITS = 18


def whole_number(typed: str) -> int:
    """An id that a row may have; 0 for what is none."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _ID_DIGITS else 0


def mailed_digits(typed: str) -> str:
    """A code from a mail, without the spaces and hyphens between its digits, which may be of any script."""
    kept = (letter for letter in typed if not letter.isspace() and letter != "-")
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in kept)
