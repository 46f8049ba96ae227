"""The monolith's database: which tables and columns it has, and their rows in batches, read only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from notechondria_shared.django_import.problem import ImportProblem
from notechondria_shared.django_import.rows import DjangoRow

BATCH = 2_000


class Monolith:
    """One read-only snapshot of the monolith, so that all tables are of the same time.

    `snapshot` is what `export_snapshot` of another connection returned: both then see the same rows (Postgres'
    documentation, "Snapshot Synchronization Functions"). Raises `ImportProblem` when the database does not answer.
    """

    def __init__(self, url: str, snapshot: str | None = None) -> None:
        try:
            self._connection = psycopg.connect(url)
            self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            self._connection.read_only = True
            if snapshot:
                self._connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            raise ImportProblem(
                f"The monolith's database does not answer: {reason}.", "Check --database-url."
            ) from error
        self._columns: dict[str, dict[str, str]] = {}
        rows = self._connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        )
        for table, column in rows:
            self._columns.setdefault(str(table), {})[str(column).lower()] = str(column)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def export_snapshot(self) -> str:
        """Return the name under which other connections see the same rows, as long as this one stays open."""
        # It waits for the imports, however long they take.
        self._connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        row = self._connection.execute("SELECT pg_export_snapshot()").fetchone()
        return str(row[0]) if row else ""

    def table(self, *names: str) -> str | None:
        """Return the first of these tables that is there; Django's default names, and what else they may be called."""
        return next((name for name in names if name in self._columns), None)

    def require(self, *names: str) -> str:
        """Return the first of these tables; raises `ImportProblem` when the database is no monolith of ours."""
        table = self.table(*names)
        if table is None:
            raise ImportProblem(f"There is no table {names[0]} in that database.", "Is it the monolith's?")
        return table

    def ids(self, table: str) -> set[int]:
        """Return the primary keys of a table."""
        statement = sql.SQL("SELECT id FROM {}").format(sql.Identifier(table))
        return {int(row[0]) for row in self._connection.execute(statement)}

    def rows(self, table: str, order: Sequence[str] = ("id",)) -> Iterator[DjangoRow]:
        """Yield a table's rows in an order, fetched in batches."""
        known = self._columns[table]
        by = sql.SQL(", ").join(sql.Identifier(known[name]) for name in order if name in known)
        statement = sql.SQL("SELECT * FROM {} ORDER BY {}").format(sql.Identifier(table), by)
        with self._connection.cursor(name=f"read_{table}", row_factory=dict_row) as cursor:
            cursor.itersize = BATCH
            for columns in cursor.execute(statement):
                yield DjangoRow(table, columns)
