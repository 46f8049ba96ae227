"""What a user's rows look like in every schema, for tests that compare them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from notechondria_launcher.stack import Stack

Tables = dict[str, list[str]]

COLUMNS = """
SELECT c.table_schema AS schema, c.table_name AS name, array_agg(c.column_name::text) AS columns
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema IN ('identity', 'notes', 'planner') AND t.table_type = 'BASE TABLE'
GROUP BY 1, 2 ORDER BY 1, 2
"""
OWNERS = ("creator_id", "user_id")
LEFT_OUT = {
    # Credentials, tombstones and the events on their way: not what a user keeps.
    "identity.sessions",
    "identity.api_keys",
    "identity.codes",
    "identity.security_events",
    "notes.deleted_users",
    "planner.deleted_users",
    "planner.account_states",
    # Parts of a sum, put together by chance now and then.
    "notes.note_counts",
    # Made of the texts, some time after these are saved.
    "notes.search_words",
}
FROM_ROW_TO_ROW = ("_id", "_at", "uuid", "slug", "last_edit", "date_created", "date_joined", "file")
OF_THE_USER = {"id", "username", "email", "verified_email", "password_hash", "image_path"}
OF_TEXTS = {"words"}
"""Columns that are made of the texts, some time after these are saved."""
COURSE_INSIDE = re.compile(r'"course_id": \d+')


class Rows:
    """A reader of the rows of users."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self._connection = connection
        self._queries = dict(self._made())

    def _made(self) -> Iterator[tuple[str, sql.Composed]]:
        for table in self._connection.execute(COLUMNS).fetchall():
            name = f"{table['schema']}.{table['name']}"
            columns = set(table["columns"])
            owner = next((column for column in OWNERS if column in columns), "")
            source = sql.SQL("SELECT t.* FROM {} t ").format(sql.Identifier(table["schema"], table["name"]))
            if name in LEFT_OUT:
                continue
            if name == "identity.users":
                yield name, source + sql.SQL("WHERE t.id = %s")
            elif owner:
                yield name, source + sql.SQL("WHERE t.{} = %s").format(sql.Identifier(owner))
            elif table["schema"] == "notes" and "note_id" in columns:
                yield name, source + sql.SQL("JOIN notes.notes n ON n.id = t.note_id WHERE n.creator_id = %s")

    def whole(self, user_id: int) -> Tables:
        """Every column of every row of the user, by table: changes when anything changes."""

        def kept(row: dict[str, Any]) -> str:
            return repr(sorted(((key, value) for key, value in row.items() if key not in OF_TEXTS), key=str))

        return {
            name: sorted(kept(row) for row in self._connection.execute(query, [user_id]))
            for name, query in self._queries.items()
        }

    def alike(self, user_id: int) -> Tables:
        """The same without what differs from row to row and from user to user: ids, moments, names."""
        return {
            name: sorted(repr(sorted(_common(row).items())) for row in self._connection.execute(query, [user_id]))
            for name, query in self._queries.items()
        }


def _common(row: dict[str, Any]) -> dict[str, str]:
    """Of ids and timestamps only whether there is one."""
    return {key: _without_ids(key, value) for key, value in row.items() if key not in OF_THE_USER | OF_TEXTS}


def _without_ids(key: str, value: object) -> str:
    return str(value is not None) if key.endswith(FROM_ROW_TO_ROW) else COURSE_INSIDE.sub("a course", str(value))


@contextmanager
def reader(stack: Stack) -> Iterator[Rows]:
    """A `Rows` on the running database."""
    with psycopg.connect(stack.admin_database_url, autocommit=True, row_factory=dict_row) as connection:
        yield Rows(connection)
