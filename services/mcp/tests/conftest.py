"""Two users with agents: the one the tests are about, and a stranger."""

from __future__ import annotations

import pytest
from tests.support.client import Api
from tests.support.mcp import Agent


@pytest.fixture(scope="module")
def agent(api: Api) -> Agent:
    """A fresh user's agent."""
    return Agent(api, api.register())


@pytest.fixture(scope="module")
def stranger(api: Api) -> Agent:
    """Another user's agent."""
    return Agent(api, api.register())
