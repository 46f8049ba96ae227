"""What several files of identity's tests begin with."""

from __future__ import annotations

import pytest
from tests.support.client import Api, User
from tests.support.programs import Program


@pytest.fixture(scope="module")
def ann(api: Api) -> User:
    return api.register()


@pytest.fixture
def program(api: Api) -> Program:
    return Program.registered(api)
