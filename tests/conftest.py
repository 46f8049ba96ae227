"""What several tests of the whole stack need."""

from __future__ import annotations

import psycopg
import pytest

from notechondria_launcher.stack import Stack
from tests.support.documents import SERVICES_WITH_SCHEMA


@pytest.fixture(scope="module")
def no_dead_letters(stack: Stack) -> None:
    """What other tests let die is no finding here."""
    with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
        for service in SERVICES_WITH_SCHEMA:
            admin.execute(f"DELETE FROM {service}.dead_letters")
