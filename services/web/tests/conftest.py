"""A member of staff, and the site as they see it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.admin import Site, enter, make_staff
from tests.support.client import Api, User


@pytest.fixture(scope="module")
def staff(api: Api) -> User:
    return make_staff(api, api.register())


@pytest.fixture(scope="module")
def site(api: Api, staff: User) -> Iterator[Site]:
    with enter(api, staff) as entered:
        yield entered
