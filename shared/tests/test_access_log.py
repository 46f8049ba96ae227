"""The access line (seed "Request timing middleware", identity §16)."""

from __future__ import annotations

import logging

import pytest

from notechondria_shared.access_line import access_level, access_line
from notechondria_shared.http.access_log import mask_query


def test_16_the_line_is_the_contracts_to_the_blank() -> None:
    assert access_line(200, 12.43, "GET", "/api/v1/settings/") == "200     12.4ms  GET    /api/v1/settings/"


@pytest.mark.parametrize(
    ("status", "duration", "level"),
    [
        (200, 1, logging.INFO),
        (404, 1, logging.WARNING),
        (200, 500, logging.WARNING),
        (500, 1, logging.CRITICAL),
        (200, 2000, logging.CRITICAL),
    ],
)
def test_seed_levels(status: int, duration: float, level: int) -> None:
    assert access_level(status, duration) == level


@pytest.mark.parametrize(("status", "paint"), [(200, "\x1b[36m"), (400, "\x1b[33m"), (503, "\x1b[31m")])
def test_seed_colours(status: int, paint: str) -> None:
    line = access_line(status, 1, "GET", "/", color=True)
    assert line.startswith(paint)
    assert line.endswith("\x1b[0m")


def test_secrets_of_a_query_are_masked() -> None:
    assert mask_query("code=4711&state=google&Token=abc") == "code=***&state=google&Token=***"
