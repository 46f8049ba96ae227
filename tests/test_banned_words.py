"""The check of words finds what it should, and nothing else."""

from __future__ import annotations

import pytest
from tools.banned_words import banned, instead_of


@pytest.mark.parametrize("line", ["the house tells a fact", "Facts are heard", "bury it", "# the door"])
def test_a_banned_word_is_found_with_what_to_write(line: str) -> None:
    found = list(banned(line))
    assert found
    assert all(number == 1 and instead_of(word) for number, word in found)


@pytest.mark.parametrize("line", ["In fact it is so", "a tombstone", "housekeeping", "artifact", "factory"])
def test_other_words_are_not(line: str) -> None:
    assert not list(banned(line))
