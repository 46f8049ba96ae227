"""The monolith's database: which tables and columns it has, and their rows in batches, read only."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from notechondria_cli.errors import StackError

BATCH = 2_000
Row = dict[str, Any]


class Source:
    """One read-only snapshot of the monolith, so that all tables are of the same moment."""

    def __init__(self, url: str) -> None:
        try:
            self._connection = psycopg.connect(url, row_factory=dict_row)
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            raise StackError(f"The monolith's database does not answer: {reason}.", "Check --database-url.") from error
        self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self._connection.read_only = True
        self._columns: dict[str, dict[str, str]] = {}
        rows = self._connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        )
        for row in rows:
            self._columns.setdefault(row["table_name"], {})[row["column_name"].lower()] = row["column_name"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def table(self, *names: str) -> str | None:
        """Return the first of these tables that is there; Django's default names, and what else they may be called."""
        return next((name for name in names if name in self._columns), None)

    def require(self, *names: str) -> str:
        """Return the first of these tables; raises StackError when the database is no monolith of ours."""
        found = self.table(*names)
        if found is None:
            raise StackError(f"There is no table {names[0]} in that database.", "Is it the monolith's?")
        return found

    def count(self, table: str) -> int:
        """Return the number of rows of a table."""
        row = self._connection.execute(sql.SQL("SELECT count(*) AS n FROM {}").format(sql.Identifier(table))).fetchone()
        return int(row["n"]) if row else 0

    def rows(self, table: str, order: Sequence[str] = ("id",)) -> Iterator[Row]:
        """Yield a table's rows in an order; column names in lower case."""
        known = self._columns[table]
        columns = [known[name] for name in order if name in known]
        by = sql.SQL(", ").join(sql.Identifier(name) for name in columns)
        statement = sql.SQL("SELECT * FROM {} ORDER BY {}").format(sql.Identifier(table), by)
        with self._connection.cursor(name=f"read_{table}") as cursor:
            cursor.itersize = BATCH
            for row in cursor.execute(statement):
                yield {name.lower(): value for name, value in row.items()}


def first(row: Row, *names: str, default: Any = None) -> Any:
    """Return the first of these columns that the row has and that is not null."""
    return next((row[name] for name in names if row.get(name) is not None), default)


def text(row: Row, name: str, longest: int | None = None, default: str = "") -> str:
    """Return a text column, ``default`` for null, cut to our column."""
    value = row.get(name)
    found = default if value is None else str(value)
    return found[:longest] if longest else found


def dates(row: Row) -> Row:
    """Return when a row was made and last changed, under our names."""
    made = first(row, "date_created", "created_at", default=datetime.now(UTC))
    return {"date_created": made, "last_edit": first(row, "last_edit", "updated_at", default=made)}
