"""The check of words finds what it should, and nothing else."""

from __future__ import annotations

import pytest
from tools.banned_words import NAMES_INSTEAD, banned, banned_names, instead_of, name_word


@pytest.mark.parametrize(
    "line", ["the house tells a fact", "Facts are heard", "bury it", "# the door", "It tells no one", "the letterbox"]
)
def test_a_banned_word_is_found_with_what_to_write(line: str) -> None:
    found = list(banned(line))
    assert found
    assert all(number == 1 and instead_of(word) for number, word in found)


@pytest.mark.parametrize("line", ["In fact it is so", "a tombstone", "housekeeping", "artifact", "factory"])
def test_other_words_are_not(line: str) -> None:
    assert not list(banned(line))


@pytest.mark.parametrize(
    "code",
    [
        "wanted = 1",
        "def read(given): ...",
        "async def tell_state(): ...",
        "class Place: ...",
        "self._places = 0",
        "for moment in moments: ...",
        "MOMENT: int = 2",
        "found = rows[0]",
    ],
)
def test_a_banned_name_is_found_with_what_to_write(code: str) -> None:
    names = list(banned_names(code))
    assert names
    assert all(number == 1 and name_word(name) in NAMES_INSTEAD for number, name in names)


@pytest.mark.parametrize(
    "code", ["placement = replaced", "read(given=1)", "x.place", "def unwanted(): ...", "class NotFound: ..."]
)
def test_other_names_are_not(code: str) -> None:
    assert not list(banned_names(code))
