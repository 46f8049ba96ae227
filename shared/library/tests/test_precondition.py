"""Changes that depend on what was seen: the header, and what is compared with the locked row."""

from __future__ import annotations

import pytest

from notechondria_shared.auth.precondition import (
    PRECONDITION_HEADER,
    UNCONDITIONAL,
    Precondition,
    changed_fields,
    precondition_header,
)
from notechondria_shared.core.errors import BadRequest, PreconditionFailed


def test_null_and_empty_are_the_same() -> None:
    assert changed_fields({"a": None, "b": "", "c": []}, {"a": "", "b": None, "c": None}) == []
    assert changed_fields({"a": 1, "b": "x"}, {"a": 2, "b": "x", "c": 3}) == ["a", "c"]


def test_a_row_is_compared_with_what_was_seen() -> None:
    seen = {"title": "Ärger \N{SNOWMAN}", "unknown": 5}
    precondition = Precondition.of_header(precondition_header(seen)[PRECONDITION_HEADER])
    assert precondition.expected == seen
    with pytest.raises(PreconditionFailed) as refusal:
        precondition.check({"title": "Other"})
    assert (refusal.value.status, refusal.value.detail) == (412, "it has been changed since (title).")
    precondition.check({"title": "Ärger \N{SNOWMAN}"})


def test_without_the_header_nothing_is_expected() -> None:
    assert Precondition.of_header(None) == UNCONDITIONAL
    UNCONDITIONAL.check({"title": "Any"})


@pytest.mark.parametrize("header", ["", "{", "[]", "5", "null", "[" * 5000])
def test_a_header_that_is_no_object_is_refused(header: str) -> None:
    with pytest.raises(BadRequest):
        Precondition.of_header(header)
