"""The rules of planner in this process, each test rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from planner_service.app import SPEC
from planner_service.calendar_sources.refresher import Refresher
from planner_service.settings import PlannerSettings
from tests.support import rules


@pytest.fixture(scope="module")
def service() -> Iterator[rules.Service]:
    """The application, on a schema of its own."""
    with rules.migrated([SPEC]) as stack, rules.running(stack, PlannerSettings, SPEC, Refresher) as running:
        yield running


@pytest.fixture
def planner(service: rules.Service) -> Iterator[rules.Service]:
    """The service, as one test sees it."""
    with service.rolled_back() as running:
        yield running
