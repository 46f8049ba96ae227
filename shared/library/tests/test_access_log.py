"""The access line (decision 20, identity §16)."""

from __future__ import annotations

import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notechondria_shared.core.access_line import access_level, access_line
from notechondria_shared.web.access_log import _masked, mask_query


@pytest.mark.contract("identity §16", "decision 20")
def test_the_line_is_the_contracts_to_the_blank() -> None:
    assert access_line(200, 12.43, "GET", "/api/v1/settings/") == "200     12.4ms  GET    /api/v1/settings/"


@pytest.mark.contract("identity §16", "decision 20")
@pytest.mark.parametrize(
    ("status", "duration", "level"),
    [
        (200, 1, logging.INFO),
        (404, 1, logging.WARNING),
        (200, 500, logging.WARNING),
        (500, 1, logging.CRITICAL),
        (501, 1, logging.WARNING),
        (501, 2000, logging.CRITICAL),
        (200, 2000, logging.CRITICAL),
    ],
)
def test_seed_levels(status: int, duration: float, level: int) -> None:
    assert access_level(status, duration) == level


@pytest.mark.contract("identity §16", "decision 20")
@pytest.mark.parametrize(("status", "paint"), [(200, "\x1b[36m"), (400, "\x1b[33m"), (503, "\x1b[31m")])
def test_seed_colours(status: int, paint: str) -> None:
    line = access_line(status, 1, "GET", "/", color=True)
    assert line.startswith(paint)
    assert line.endswith("\x1b[0m")


@pytest.mark.contract("identity §16")
@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("code=4711&state=google&Token=abc", "code=***&state=google&Token=***"),
        ("access_token=4711&api_key=4711&newPassword=4711", "access_token=***&api_key=***&newPassword=***"),
        ("c%6Fde=4711&code[]=4711", "c%6Fde=***&code[]=***"),
        ("a=1;token=4711", "a=1;token=***"),
        ("token%3D4711", "***"),
        ("next=/x%3Fcode%3D4711", "next=***"),
        ("next=%252Fx%253Fcode%253D4711", "next=***"),
        ("q=ntc_0123456789abcdef0123456789abcdef", "q=***"),
        ("ntc_0123456789abcdef0123456789abcdef=1", "***=***"),
        ("q=nca_0a1B2c3D4e", "q=***"),
        ("q=see%20ncr_0a1B2c3D4e", "q=***"),
        ("0123456789abcdef0123456789abcdef01234567", "***"),
        ("q=a+word&limit=20&days=7&note=3", "q=a+word&limit=20&days=7&note=3"),
        ("code=", "code="),
    ],
)
def test_secrets_of_a_query_are_masked(query: str, shown: str) -> None:
    assert mask_query(query) == shown


@pytest.mark.contract("identity §16")
def test_a_long_query_is_cut_and_keeps_its_secrets() -> None:
    shown = mask_query("a=1&" * 499 + "token=" + "s" * 5000)
    assert shown.startswith("a=1&a=1")
    assert len(shown) < 2010
    assert "sss" not in shown


PIECES = (
    "limit", "=", "&", ";", "5", "CODE", "tok", "en", "ntc_", "nca_", "a0b1c2", "x" * 40, "0123456789abcdef" * 2, "%2e",
    "+", "%63ode", "\u017fecret", "\u212aey", " ",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_a_plain_query_is_the_one_that_no_piece_of_is_masked(query: str) -> None:
    """The look at all of a query says the same as the looks at its pieces."""
    assert mask_query(query) == "".join(_masked(piece) for piece in re.split("([&;])", query))
