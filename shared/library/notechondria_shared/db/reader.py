"""Reads without SQLAlchemy's async layer (ADR 0004).

A statement is written in SQLAlchemy Core, compiled once to SQL text by `prepare`, and run straight on a psycopg pool in
autocommit. The same prepared statement runs inside a write session through `SessionReader`, so that an answer to a
write is read in the transaction that made it.

Each statement says what its rows are: `prepare(statement, NoteRow)` for a slotted dataclass whose fields are the
statement's columns in their order, `prepare_scalar(statement, int)` for a single column,
`prepare_command(statement)` where no row is read.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, LiteralString, Protocol, TypeVar, cast

import psycopg
from psycopg.rows import BaseRowFactory, args_row, dict_row, scalar_row, tuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.errors import Unavailable

_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]
IDLE_SECONDS = 30
"""After so long one of the connections that nobody has needed meanwhile is closed."""
BUSY = "The database is busy or restarting: Backend.Database/read — please try again in a moment."
if TYPE_CHECKING:
    from _typeshed import DataclassInstance

RowT = TypeVar("RowT")
DataRow = TypeVar("DataRow", bound="DataclassInstance")
Row_co = TypeVar("Row_co", covariant=True)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Driver = psycopg.AsyncConnection[tuple[object, ...]]


class Prepared(Generic[Row_co]):
    """A statement, the SQL text it compiles to, and what its rows become.

    Lists are bound as arrays: `column == any_(bindparam(...))`.
    """

    __slots__ = ("binary", "constants", "row_factory", "sql")

    def __init__(self, statement: Executable, row_factory: BaseRowFactory[Row_co], *, binary: bool = False) -> None:
        compiled = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
        if left := getattr(compiled, "insert_prefetch", ()):
            # SQLAlchemy fills these in when it runs a statement itself; here they would be null.
            message = f"the statement leaves defaults of the model out: {[column.key for column in left]}"
            raise TypeError(message)
        self.row_factory = row_factory
        self.binary = binary
        self.sql = cast("LiteralString", compiled.string)
        required = {bind.key for bind in compiled.binds.values() if bind.required}
        self.constants: dict[str, object] = {
            key: value for key, value in compiled.params.items() if key not in required
        }


class Scalar(Prepared[T_co]):
    """A statement of one column: its rows are the values themselves."""


class Command(Prepared[tuple[object, ...]]):
    """A statement that is run for what it does."""


def prepare(statement: Executable, row: type[DataRow]) -> Prepared[DataRow]:
    """Compile a Core statement once; keep the result in a module constant of `queries.py`.

    `row` is a dataclass with a field for each column, in the same order: a statement that does not fit it is refused
    here, when the module is imported. Values travel as the database has them: timestamps, uuids, arrays and bytes are
    not written as text and read again, which is half of what a row costs (12 of 27 microseconds of a note's summary).
    """
    fields = [field.name for field in dataclasses.fields(row)]
    columns = [column.key for column in statement.exported_columns]  # type: ignore[attr-defined]
    if fields != columns:
        message = f"{row.__name__} has the fields {fields}, its statement the columns {columns}"
        raise TypeError(message)
    return Prepared(statement, args_row(row), binary=True)


def prepare_command(statement: Executable) -> Command:
    """Compile a statement whose answer, if there is one, nobody reads."""
    return Command(statement, tuple_row)


def prepare_dicts(statement: Executable, row: type[RowT], *, binary: bool = False) -> Prepared[RowT]:
    """Compile a statement whose rows go into JSON as they come: `row` is the TypedDict of its columns.

    For lists of thousands of rows (the week), which would be made twice: as an object, and as the dict that JSON needs.
    With `binary` values travel as those of `prepare` do.
    """
    fields, columns = list(row.__annotations__), [column.key for column in statement.exported_columns]  # type: ignore[attr-defined]
    if fields != columns:
        message = f"{row.__name__} has the keys {fields}, its statement the columns {columns}"
        raise TypeError(message)
    return cast("Prepared[RowT]", Prepared(statement, dict_row, binary=binary))


def prepare_scalar(statement: Executable, kind: type[T]) -> Scalar[T]:
    """Compile a statement of one column whose values are of `kind`."""
    del kind  # says the type to readers and to mypy; psycopg already gives values of it
    return Scalar(statement, scalar_row)


class Reads(Protocol):
    """What a query needs: the Reader of the service, or the session of the request."""

    async def all(self, query: Prepared[RowT], **params: object) -> list[RowT]:
        """All rows."""
        ...

    async def one(self, query: Prepared[RowT], **params: object) -> RowT | None:
        """The first row, or None."""
        rows = await self.all(query, **params)
        return rows[0] if rows else None

    async def value(self, query: Scalar[T], **params: object) -> T | None:
        """The column of the first row, or None."""
        return await self.one(query, **params)


@dataclass(frozen=True)
class PoolUse:
    """A pool as it is now: connections it may hold, those in use, requests that wait for one."""

    size: int
    used: int
    waiting: int


class Reader(Reads):
    """Runs prepared statements on a psycopg pool in autocommit; waiting for a connection is bounded and ends in 503."""

    def __init__(self, conninfo: str, *, size: int, queue_seconds: float, application_name: str) -> None:
        self._pool: AsyncConnectionPool[Driver] = AsyncConnectionPool(
            conninfo,
            min_size=0,
            max_size=size,
            # The queue is bounded too: a request that could not be served in time is better refused at once.
            max_waiting=size * 64,
            timeout=queue_seconds,
            max_idle=IDLE_SECONDS,
            open=False,
            kwargs={
                "autocommit": True,
                "application_name": application_name,
                "options": "-c statement_timeout=15000 -c default_transaction_read_only=on -c timezone=UTC",
            },
        )
        self._size = size

    async def open(self) -> None:
        """Open the pool; connections are made when first needed."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    def use(self) -> PoolUse:
        """How busy the pool is."""
        stats = self._pool.get_stats()
        used = stats.get("pool_size", 0) - stats.get("pool_available", 0)
        return PoolUse(self._size, used, stats.get("requests_waiting", 0))

    async def all(self, query: Prepared[RowT], **params: object) -> list[RowT]:
        """All rows; `Unavailable` when no connection is free in time or the database cannot be reached."""
        bound = {**query.constants, **params}
        for _ in range(self._size + 1):
            try:
                async with self._pool.connection() as connection:
                    cursor = connection.cursor(binary=query.binary, row_factory=query.row_factory)
                    await cursor.execute(query.sql, bound)
                    return await cursor.fetchall()
            except (PoolTimeout, TooManyRequests):
                raise Unavailable(BUSY) from None
            except psycopg.errors.QueryCanceled:
                raise Unavailable(BUSY) from None
            except psycopg.OperationalError:
                # Connections from before a database restart: each fails once and leaves the pool. Reads may repeat.
                await asyncio.sleep(0)
        raise Unavailable(BUSY)


class SessionReader(Reads):
    """The same statements inside a write session, on its connection and in its transaction: they see what it did."""

    def __init__(self, db: AsyncSession) -> None:
        self._session = db

    async def all(self, query: Prepared[RowT], **params: object) -> list[RowT]:
        """All rows."""
        driver = await driver_of(self._session)
        with translated():
            cursor = driver.cursor(binary=query.binary, row_factory=query.row_factory)
            await cursor.execute(query.sql, {**query.constants, **params})
            return await cursor.fetchall()

    async def run(self, query: Prepared[RowT], *rows: Mapping[str, object]) -> None:
        """A statement without an answer, once for each of `rows`, in one round trip."""
        driver = await driver_of(self._session)
        bound = [{**query.constants, **row} for row in rows]
        with translated():
            if len(bound) == 1:  # without the pipeline that `executemany` begins and ends
                await driver.cursor().execute(query.sql, bound[0])
            else:
                await driver.cursor().executemany(query.sql, bound)


async def driver_of(db: AsyncSession) -> Driver:
    """The psycopg connection under a session, in the session's transaction, with all pending changes sent."""
    if db.new or db.dirty or db.deleted:
        await db.flush()
    connection = await db.connection()
    raw = await connection.get_raw_connection()
    return cast("Driver", raw.driver_connection)


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the driver as SQLAlchemy names them, so that an outage is recognised in one way."""
    try:
        yield
    except psycopg.Error as error:
        raise DBAPIError.instance(None, None, error, psycopg.Error, dialect=_DIALECT) from error
