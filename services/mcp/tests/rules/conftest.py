"""The rules of mcp in this process, each test rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mcp_service.app import SPEC
from mcp_service.settings import McpSettings
from tests.support import rules


@pytest.fixture(scope="module")
def service() -> Iterator[rules.Service]:
    """The application, on a schema of its own."""
    with rules.migrated([SPEC]) as stack, rules.running(stack, McpSettings, SPEC) as running:
        yield running


@pytest.fixture
def mcp(service: rules.Service) -> Iterator[rules.Service]:
    """The service, as one test sees it."""
    with service.rolled_back() as running:
        yield running
