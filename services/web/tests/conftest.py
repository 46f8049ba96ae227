"""A member of staff and the site as they see it; a person on the pages of their account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from services.planner.tests.feed_server import FeedServer
from tests.support.admin import Site, enter, make_staff
from tests.support.client import Api, User
from tests.support.people import Person


@pytest.fixture(scope="module")
def staff(api: Api) -> User:
    return make_staff(api, api.register())


@pytest.fixture(scope="module")
def site(api: Api, staff: User) -> Iterator[Site]:
    with enter(api, staff) as entered:
        yield entered


@pytest.fixture
def ida(api: Api) -> User:
    return api.register()


@pytest.fixture
def person(api: Api, ida: User) -> Iterator[Person]:
    """Ida, signed in on the pages."""
    with Person(api) as visitor:
        visitor.sign_in(ida.username)
        yield visitor


@pytest.fixture(scope="module")
def feeds() -> Iterator[FeedServer]:
    """A server of calendars, as strangers run them."""
    server = FeedServer()
    yield server
    server.close()
