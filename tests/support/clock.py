"""Time gone by, as the database sees it."""

from __future__ import annotations

from typing import Any

import psycopg

from notechondria_launcher.stack import Stack


def shift(stack: Stack, table: str, column: str, interval: str, where: str, *values: Any) -> None:
    """Move a timestamp of identity's table into the past; at least one row must be hit."""
    statement = f"UPDATE identity.{table} SET {column} = {column} - interval '{interval}' WHERE {where}"
    with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
        done = admin.execute(statement, values)
        assert done.rowcount > 0
