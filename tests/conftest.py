"""What several tests of the whole stack need."""

from __future__ import annotations

from pathlib import Path

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


@pytest.fixture(scope="module")
def pictures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of pages go. They are taken for who looks at them, and says where with `--basetemp`: the folder
    is not there otherwise. (Workers of a whole run always get a `--basetemp`.)"""
    config = request.config
    if config.getoption("basetemp") and not hasattr(config, "workerinput"):
        return tmp_path_factory.mktemp("pictures")
    return tmp_path_factory.getbasetemp() / "no-pictures"
