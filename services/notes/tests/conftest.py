"""Two signed-in users for every test, and a look into the database behind the service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from tests.support.client import Api, User

from notechondria_launcher.stack import Stack


@pytest.fixture
def mine(api: Api) -> User:
    """The user whose things the test is about."""
    return api.register()


@pytest.fixture
def other(api: Api) -> User:
    """Somebody else."""
    return api.register()


class Look:
    """Reads behind the service's back."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self._connection = connection

    def all(self, query: str, *params: Any) -> list[dict[str, Any]]:
        """Rows of a statement with %s parameters."""
        return self._connection.execute(query.encode(), params).fetchall()

    def one(self, query: str, *params: Any) -> Any:
        """The first column of the only row."""
        (row,) = self.all(query, *params)
        return next(iter(row.values()))

    def events(self, subject: str, **data: Any) -> list[dict[str, Any]]:
        """The payloads of published events of a subject whose data has these values, in order."""
        rows = self.all(
            "SELECT envelope->'data' AS data FROM notes.outbox WHERE subject LIKE %s ORDER BY id", f"notes.{subject}"
        )
        return [row["data"] for row in rows if all(row["data"].get(name) == value for name, value in data.items())]


@pytest.fixture
def look(stack: Stack) -> Iterator[Look]:
    """The database as its administrator sees it."""
    with psycopg.connect(stack.admin_database_url, autocommit=True, row_factory=dict_row) as connection:
        yield Look(connection)
