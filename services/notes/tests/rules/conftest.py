"""The rules of notes in this process, each test rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from notes_service.app import SPEC
from notes_service.settings import NotesSettings
from tests.support import rules


@pytest.fixture(scope="module")
def service() -> Iterator[rules.Service]:
    """The application, on a schema of its own."""
    with rules.migrated([SPEC]) as stack, rules.running(stack, NotesSettings, SPEC) as running:
        yield running


@pytest.fixture
def notes(service: rules.Service) -> Iterator[rules.Service]:
    """The service, as one test sees it."""
    with service.rolled_back() as running:
        yield running
