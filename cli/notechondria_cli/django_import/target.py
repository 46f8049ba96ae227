"""Writing rows into the four schemas: what is there already stays as it is, so that a second run changes nothing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import psycopg
from psycopg import sql

from notechondria_cli.django_import.report import Kind, Report
from notechondria_cli.django_import.source import BATCH, Row

Tell = Callable[[str, int], None]
"""Hears the kind that is being moved and how many rows are through."""


class Target:
    """Our database, as its administrator. ``dry_run`` counts what would be written and writes nothing."""

    def __init__(self, connection: psycopg.Connection[Any], report: Report, tell: Tell, *, dry_run: bool) -> None:
        self._connection, self._report, self._tell, self._dry_run = connection, report, tell, dry_run

    def write(self, kind: str, table: str, rows: Iterable[Row], *, counted: bool = True) -> None:
        """Insert rows into ``schema.table``, a batch a transaction; the first row names the columns."""
        counts = self._report.of(kind) if counted else Kind()
        done = 0
        stream = iter(rows)
        while batch := list(islice(stream, BATCH)):
            written = 0 if self._dry_run else self._insert(table, batch)
            done += len(batch)
            counts.written += len(batch) if self._dry_run else written
            counts.present += 0 if self._dry_run else len(batch) - written
            self._tell(kind, done)

    def _insert(self, table: str, batch: Sequence[Row]) -> int:
        schema, _, name = table.partition(".")
        columns = list(batch[0])
        # A deferrable constraint, as the order of blocks has one, cannot say what is there already: there the id does.
        known = sql.SQL("(id)") if table == "notes.note_index" else sql.SQL("")
        statement = sql.SQL("INSERT INTO {} ({columns}) VALUES ({values}) ON CONFLICT {known} DO NOTHING").format(
            sql.Identifier(schema, name),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            values=sql.SQL(", ").join(sql.Placeholder(column) for column in columns),
            known=known,
        )
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(statement, batch)
            return cursor.rowcount

    def renumber(self, tables: Sequence[str]) -> None:
        """Let each table's next id follow the highest that came over."""
        if self._dry_run:
            return
        for table in tables:
            name = sql.Identifier(*table.split("."))
            self._connection.execute(
                sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({}, 'id'), greatest((SELECT max(id) FROM {}), 1),"
                    " EXISTS (SELECT FROM {}))"
                ).format(sql.Literal(table), name, name)
            )


def counted(report: Report, kind: str, rows: Iterator[Row]) -> Iterator[Row]:
    """Count what is read of a kind."""
    counts = report.of(kind)
    for row in rows:
        counts.read += 1
        yield row
