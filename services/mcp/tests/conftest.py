"""Two users with agents: the one the tests are about, and a stranger."""

from __future__ import annotations

import pytest
from tests.support.client import Api
from tests.support.mcp import Agent, NewerAgent


@pytest.fixture(scope="module")
def agent(api: Api) -> Agent:
    """A fresh user's agent."""
    return Agent(api, api.register())


@pytest.fixture(scope="module")
def newer(api: Api) -> NewerAgent:
    """A fresh user's agent that speaks a newer revision (decision 60)."""
    return NewerAgent(api, api.register())


@pytest.fixture(scope="module")
def stranger(api: Api) -> Agent:
    """Another user's agent."""
    return Agent(api, api.register())
