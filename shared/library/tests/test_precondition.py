"""Changes that depend on what was seen: the header, and what is held against the locked row."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import pytest

from notechondria_shared.auth.precondition import (
    PRECONDITION_HEADER,
    changed_fields,
    check_precondition,
    precondition_header,
    set_precondition,
)
from notechondria_shared.core.errors import BadRequest, PreconditionFailed


def in_a_request(work: Callable[[], Any]) -> Any:
    return copy_context().run(work)


def test_null_and_empty_are_the_same() -> None:
    assert changed_fields({"a": None, "b": "", "c": []}, {"a": "", "b": None, "c": None}) == []
    assert changed_fields({"a": 1, "b": "x"}, {"a": 2, "b": "x", "c": 3}) == ["a", "c"]


def test_a_row_is_held_against_what_was_seen_once() -> None:
    def work() -> None:
        set_precondition(precondition_header({"title": "Ärger \N{SNOWMAN}", "unknown": 5})[PRECONDITION_HEADER])
        with pytest.raises(PreconditionFailed) as refusal:
            check_precondition({"title": "Other"})
        assert (refusal.value.status, refusal.value.detail) == (412, "it has been changed since (title).")
        check_precondition({"title": "Other"})  # the first lock of a request decides: what follows are its own changes
        set_precondition(precondition_header({"title": "Ärger \N{SNOWMAN}"})[PRECONDITION_HEADER])
        check_precondition({"title": "Ärger \N{SNOWMAN}"})

    in_a_request(work)


def test_without_the_header_nothing_is_expected() -> None:
    def work() -> None:
        set_precondition(None)
        check_precondition({"title": "Any"})

    in_a_request(work)


@pytest.mark.parametrize("header", ["", "{", "[]", "5", "null"])
def test_a_header_that_is_no_object_is_refused(header: str) -> None:
    with pytest.raises(BadRequest):
        in_a_request(lambda: set_precondition(header))
