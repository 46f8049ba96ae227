"""User names in letters that one Python knows and another does not."""

from __future__ import annotations

import unicodedata

import pytest

from identity_service.names.service import UNKNOWN, cleaned, form_problem
from identity_service.names.skeleton import skeleton


@pytest.mark.parametrize("letters", ["\U0001ccd6dmin", "\u1c89x", "\U00010d50x", "\ua7cbx"])
def test_a_letter_is_taken_for_what_it_is_or_not_at_all(letters: str) -> None:
    """Unicode 16, which Python 3.14 has: the first name looks like `admin`, which one before 3.14 could not see."""
    if unicodedata.category(letters[0]) == "Cn":
        assert form_problem(letters) == UNKNOWN
        assert cleaned(letters) == letters[1:]
    else:
        assert form_problem(letters) is None
        assert skeleton(letters[0]) != letters[0]
    assert skeleton("admin") == skeleton("ADM1N")


def test_what_no_version_of_unicode_has_is_refused() -> None:
    assert form_problem("a\ufdd0b") == UNKNOWN
    assert form_problem("\u540d\u524d") is None
