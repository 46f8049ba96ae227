"""What the databases say of events: which were published, and which were consumed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from notechondria_launcher.stack import Stack

CONSUMED_BY_PLANNER = "subject LIKE 'notes.%'"


@contextmanager
def database(stack: Stack, role: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the database of a service, in autocommit."""
    with psycopg.connect(stack.database_url(role), autocommit=True) as connection:
        yield connection


def values(connection: psycopg.Connection[Any], query: str, *parameters: Any) -> set[Any]:
    """The first column of a query's rows."""
    return {row[0] for row in connection.execute(query, parameters or None)}


def settled(stack: Stack) -> bool:
    """Every event of notes is sent, and the planner's inbox holds every one of them."""
    with database(stack, "notes") as notes, database(stack, "planner") as planner:
        if values(notes, "SELECT event_id FROM outbox WHERE sent_at IS NULL"):
            return False
        published = values(notes, f"SELECT event_id FROM outbox WHERE {CONSUMED_BY_PLANNER}")
        return published <= values(planner, "SELECT event_id FROM inbox")
