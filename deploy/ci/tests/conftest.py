"""The compose file, running: `stack` and `api` as in the other tests, so that theirs can be run against it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.client import Api

sys.path.insert(0, str(Path(__file__).parent))
from house import ComposeHouse

ENVIRONMENT = {
    "AUTH_RATE_PER_MINUTE": "0",
    "ACCOUNT_RATE_PER_MINUTE": "0",
    "MCP_RATE_PER_MINUTE": "0",
    "DJANGO_CSRF_TRUSTED_ORIGINS": "https://app.example",
}


@pytest.fixture(scope="session")
def stack() -> Iterator[ComposeHouse]:
    """The house, started once from nothing."""
    with tempfile.TemporaryDirectory(prefix="notechondria-compose-") as folder:
        house = ComposeHouse("notechondria-test", Path(folder), ENVIRONMENT)
        house.down()
        try:
            print(f"\nhouse healthy after {house.up():.1f} s")
            yield house
        finally:
            house.down()


@pytest.fixture(scope="session")
def api(stack: ComposeHouse) -> Iterator[Api]:
    """A client of the gateway that can make users."""
    with Api(stack) as client:
        yield client
