"""Reads without SQLAlchemy's async layer (architecture §2a).

A statement is written in SQLAlchemy Core, compiled once to SQL text by `prepare`, and run straight on a psycopg pool in
autocommit. The same prepared statement runs inside a write session through `SessionReader`, so that an answer to a
write is read in the transaction that made it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString, Protocol, cast

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.errors import Unavailable
from notechondria_shared.db.tables import Row

_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]
BUSY = "The database is busy or restarting: Backend.Database/read — please try again in a moment."


class Prepared:
    """A read statement and the SQL text it compiles to. Lists are bound as arrays: `column == any_(bindparam(...))`."""

    __slots__ = ("constants", "sql", "statement")

    def __init__(self, statement: Executable) -> None:
        compiled = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
        self.statement = statement
        self.sql = cast("LiteralString", compiled.string)
        required = {bind.key for bind in compiled.binds.values() if bind.required}
        self.constants: dict[str, Any] = {key: value for key, value in compiled.params.items() if key not in required}


def prepare(statement: Executable) -> Prepared:
    """Compile a Core statement once; keep the result in a module constant of `queries.py`."""
    return Prepared(statement)


class Reads(Protocol):
    """What a query needs: the Reader of the service, or the session of the request."""

    async def all(self, query: Prepared, **params: Any) -> list[Row]:
        """All rows, as dicts."""
        ...

    async def one(self, query: Prepared, **params: Any) -> Row | None:
        """The first row, or None."""
        rows = await self.all(query, **params)
        return rows[0] if rows else None

    async def value(self, query: Prepared, **params: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self.one(query, **params)
        return next(iter(row.values())) if row else None


@dataclass(frozen=True)
class PoolUse:
    """A pool at this moment: connections it may hold, those in use, requests that wait for one."""

    size: int
    used: int
    waiting: int


class Reader(Reads):
    """Runs prepared statements on a psycopg pool in autocommit; waiting for a connection is bounded and ends in 503."""

    def __init__(self, conninfo: str, *, size: int, queue_seconds: float, application_name: str) -> None:
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Row]] = AsyncConnectionPool(
            conninfo,
            min_size=0,
            max_size=size,
            # The queue is bounded too: a request that could not be served in time is better refused at once.
            max_waiting=size * 64,
            timeout=queue_seconds,
            open=False,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
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

    async def all(self, query: Prepared, **params: Any) -> list[Row]:
        """All rows, as dicts."""
        bound = {**query.constants, **params}
        for _ in range(self._size + 1):
            try:
                async with self._pool.connection() as connection:
                    cursor = await connection.execute(query.sql, bound)
                    return await cursor.fetchall()
            except (PoolTimeout, TooManyRequests):
                raise Unavailable(BUSY) from None
            except psycopg.errors.QueryCanceled:
                raise Unavailable(BUSY) from None
            except psycopg.OperationalError:
                # Connections of before a database restart: each fails once and leaves the pool. Reads may repeat.
                await asyncio.sleep(0)
        raise Unavailable(BUSY)


class SessionReader(Reads):
    """The same statements inside a write session, on its connection and in its transaction: they see what it did."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self, query: Prepared, **params: Any) -> list[Row]:
        """All rows, as dicts."""
        cursor = await self._execute(query, params)
        return await cursor.fetchall()

    async def run(self, query: Prepared, *rows: dict[str, Any]) -> None:
        """A statement without an answer, once for each of `rows`, in one round trip."""
        driver = await driver_of(self._session)
        with translated():
            await driver.cursor().executemany(query.sql, [{**query.constants, **row} for row in rows])

    async def _execute(self, query: Prepared, params: dict[str, Any]) -> psycopg.AsyncCursor[Row]:
        driver = await driver_of(self._session)
        with translated():
            cursor = driver.cursor(row_factory=dict_row)
            return await cursor.execute(query.sql, {**query.constants, **params})


async def driver_of(session: AsyncSession) -> psycopg.AsyncConnection[Any]:
    """The psycopg connection under a session, in the session's transaction, with all it was told sent."""
    if session.new or session.dirty or session.deleted:
        await session.flush()
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    return cast("psycopg.AsyncConnection[Any]", raw.driver_connection)


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the driver as SQLAlchemy names them, so that an outage is told in one way."""
    try:
        yield
    except psycopg.Error as error:
        raise DBAPIError.instance(None, None, error, psycopg.Error, dialect=_DIALECT) from error
