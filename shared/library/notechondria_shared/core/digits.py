"""Codes of digits as people type them."""

from __future__ import annotations

import unicodedata


def plain_digits(typed: str) -> str:
    """What was typed, without the spaces and hyphens that apps and mails show; digits of any script as 0 to 9."""
    kept = (letter for letter in typed if not letter.isspace() and letter != "-")
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in kept)
