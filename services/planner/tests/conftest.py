"""Fixtures of the planner's tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from services.planner.tests.feed_server import FeedServer
from services.planner.tests.support import Publisher, Tables
from tests.support.client import Api, User

from notechondria_launcher.stack import Stack


@pytest.fixture(scope="module")
def tables(stack: Stack) -> Iterator[Tables]:
    """The planner's tables. Not for longer than a file: files in between may have restarted the database."""
    opened = Tables(stack.database_url("planner"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def publisher(stack: Stack, tables: Tables) -> Publisher:
    """Events in the name of notes."""
    return Publisher(stack, tables)


@pytest.fixture(scope="session")
def eve(api: Api) -> User:
    """A user for the tests that leave nothing behind, or look at their own answers only."""
    return api.register()


@pytest.fixture
def ann(api: Api) -> User:
    """A user."""
    return api.register()


@pytest.fixture
def ben(api: Api) -> User:
    """Another user."""
    return api.register()


@pytest.fixture
def today() -> date:
    """The current UTC date; a test that would straddle midnight is no concern of the rules."""
    return datetime.now(UTC).date()


@pytest.fixture
def tomorrow(today: date) -> date:
    """The UTC date after `today`."""
    return today + timedelta(days=1)


@pytest.fixture(scope="session")
def feeds() -> Iterator[FeedServer]:
    """A server of calendars on 127.0.0.1, which the stack is allowed to fetch from."""
    server = FeedServer()
    yield server
    server.close()
