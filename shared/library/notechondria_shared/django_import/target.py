"""Writing rows into a service's tables: what is there already stays as it is, so that a second run changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import Table, UniqueConstraint, inspect
from sqlalchemy.orm import DeclarativeBase

from notechondria_shared.django_import.report import Kind, Report
from notechondria_shared.django_import.source import BATCH

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

OnProgress = Callable[[str, int], None]
"""Called with a kind and how many rows of it are through."""


class Target:
    """The database of a service, as its own role. A dry run counts what would be written, and cannot write."""

    def __init__(self, conninfo: str, report: Report, on_progress: OnProgress, *, dry_run: bool) -> None:
        self.connection: psycopg.Connection[tuple[object, ...]] = psycopg.connect(conninfo, autocommit=True)
        self._report, self._on_progress, self._dry_run = report, on_progress, dry_run
        self._numbered: list[Table] = []
        if dry_run:
            self.connection.execute("SET default_transaction_read_only = on")

    def has(self, model: type[DeclarativeBase]) -> bool:
        """True when the table is there; a dry run may come before the schema is made."""
        name = _table(model).fullname
        return self.connection.execute("SELECT to_regclass(%s) IS NOT NULL", (name,)).fetchone() == (True,)

    def write(
        self, kind: str, model: type[DeclarativeBase], rows: Iterable[DataclassInstance], *, counted: bool = True
    ) -> None:
        """Insert rows, a batch a transaction; the fields of a row are called as the columns of the model's table.

        Rows that are `counted` enter the report as written or, where the table has them already, as present.
        """
        table = _table(model)
        counts = self._report.of(kind) if counted else Kind()
        done = 0
        stream = iter(rows)
        while batch := list(islice(stream, BATCH)):
            written = len(batch) if self._dry_run else self._insert(table, batch)
            done += len(batch)
            counts.written += written
            counts.present += len(batch) - written
            self._on_progress(kind, done)

    def renumber(self) -> None:
        """Let the next id of each table that got rows with ids follow the highest of them."""
        for table in self._numbered:
            name = sql.Identifier(str(table.schema), table.name)
            self.connection.execute(
                sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({}, 'id'), greatest((SELECT max(id) FROM {}), 1),"
                    " EXISTS (SELECT FROM {}))"
                ).format(sql.Literal(table.fullname), name, name)
            )

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _insert(self, table: Table, batch: Sequence[DataclassInstance]) -> int:
        columns = [one.name for one in fields(batch[0])]
        if "id" in columns and table not in self._numbered:
            self._numbered.append(table)
        statement = sql.SQL("INSERT INTO {} ({columns}) VALUES ({values}) ON CONFLICT {known} DO NOTHING").format(
            sql.Identifier(str(table.schema), table.name),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            values=sql.SQL(", ").join(sql.Placeholder() for _ in columns),
            known=_arbiter(table),
        )
        values = [[_adapted(getattr(row, column)) for column in columns] for row in batch]
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.executemany(statement, values)
            return cursor.rowcount


def _table(model: type[DeclarativeBase]) -> Table:
    table = inspect(model).local_table
    assert isinstance(table, Table)  # noqa: S101 - models of services are tables
    return table


def _arbiter(table: Table) -> sql.Composable:
    """What shows that a row is there: any unique index, or the key where a constraint is deferrable and cannot."""
    deferrable = any(isinstance(one, UniqueConstraint) and one.deferrable for one in table.constraints)
    if not deferrable:
        return sql.SQL("")
    return sql.SQL("({})").format(sql.SQL(", ").join(sql.Identifier(column.name) for column in table.primary_key))


def _adapted(value: object) -> object:
    return Jsonb(value) if isinstance(value, dict) else value
