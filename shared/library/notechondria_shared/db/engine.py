"""The database of one service: a write engine, a Reader, and the request dependencies over them."""

from __future__ import annotations

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.util import greenlet_spawn

from notechondria_shared.core.errors import ApiError, Unavailable
from notechondria_shared.core.network_guard import guarded
from notechondria_shared.core.settings import ServiceSettings
from notechondria_shared.db.reader import BUSY, Driver, PoolUse, Prepared, Reader, RowT, translated
from notechondria_shared.db.write_pool import IdleConnections, WaitingPool, WritePool

WRITE_OPTIONS = (
    "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000 -c timezone=UTC"
)
# A lock that was not granted in time, a deadlock lost, a statement cut off: the request may be tried again.
RETRYABLE_STATES = frozenset({"55P03", "40P01", "40001", "57014", "57P01", "57P02", "57P03", "53300"})


def is_outage(error: BaseException) -> bool:
    """True when the database could not be reached or asked for a retry: no fault of the request."""
    if isinstance(error, PoolTimeoutError | InterfaceError | ConnectionError):
        return True
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        return (
            error.connection_invalidated
            or state in RETRYABLE_STATES
            or (isinstance(error, OperationalError) and state is None)
        )
    return False


def _refuse_ended(driver: Any, _record: object, _proxy: object) -> None:
    """Have the pool replace a connection that is lost, or ended by the server in its idle time: its socket can be read.

    What SQLAlchemy's own ping asks the server, in three round trips, the operating system knows as well.
    """
    connection = driver.driver_connection
    if connection.closed:
        raise DisconnectionError
    waiting = select.poll()
    waiting.register(connection.pgconn.socket, select.POLLIN)
    if waiting.poll(0):
        raise DisconnectionError


class Database:
    """Pools of one service. Small on purpose: four connections serve best (ADR 0004), the rest wait, bounded."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.conninfo = settings.database_conninfo
        size, queue = settings.database_pool_size, settings.database_queue_seconds
        self._size = size
        self.reader = Reader(self.conninfo, size=size, queue_seconds=queue, application_name=f"{settings.service}-read")
        self._engine = create_async_engine(
            self.conninfo.replace("postgresql://", "postgresql+psycopg://", 1),
            pool_size=size,
            max_overflow=0,
            pool_timeout=queue,
            pool_use_lifo=True,
            poolclass=WaitingPool if settings.metrics else WritePool,
            connect_args={"options": WRITE_OPTIONS, "application_name": f"{settings.service}-write"},
        )
        event.listen(self._engine.sync_engine, "checkout", _refuse_ended)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._write_pool = cast("WritePool", self._engine.pool)
        self._idle = IdleConnections(self._write_pool)

    async def open(self) -> None:
        """Open the reader's pool; the write engine connects when first used."""
        await self.reader.open()
        self._idle.start()

    async def close(self) -> None:
        """Close every connection."""
        await self._idle.stop()
        await self.reader.close()
        await self._engine.dispose()

    def pools(self) -> dict[str, PoolUse]:
        """How busy both pools are. Who waits for a connection to write is only counted when metrics are on."""
        pool = self._write_pool
        waiting = pool.waiting if isinstance(pool, WaitingPool) else 0
        return {"read": self.reader.use(), "write": PoolUse(self._size, pool.checkedout(), waiting)}

    async def run(self, query: Prepared[RowT], **params: object) -> list[RowT]:
        """One statement that is a whole transaction: its rows, once it is committed. Outages become 503.

        A round trip in place of three, and no session: for the few writes that a single statement says (ADR 0004).
        """
        try:
            with translated():  # also what the pool raises: it knows no session that would do so
                proxy = await self._engine.raw_connection()
                driver = cast("Driver", proxy.driver_connection)
                try:
                    await driver.set_autocommit(True)  # a flag of the client: the server is not asked
                    cursor = driver.cursor(row_factory=query.row_factory)
                    await cursor.execute(query.sql, {**query.constants, **params})
                    return await cursor.fetchall()
                finally:
                    if driver.info.transaction_status == TransactionStatus.IDLE:
                        await driver.set_autocommit(False)
                        await greenlet_spawn(proxy.close)
                    else:  # cancelled, or lost: nobody else gets it
                        await greenlet_spawn(proxy.invalidate)
        except Exception as error:
            if is_outage(error):
                raise Unavailable(BUSY) from error
            raise

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends, rolled back whole when it raises.

        An `ApiError` with `commit_on_error` commits and is raised all the same. Outages become 503.
        """
        try:
            # Inside of `try`, for a lost connection is reported again when the session lets go of it.
            async with self._sessions() as db:
                with guarded(db):
                    try:
                        yield db
                    except ApiError as refusal:
                        if refusal.commit_on_error:
                            await db.commit()
                        raise
                    await db.commit()
        except ApiError:
            raise
        except Exception as error:
            if is_outage(error):
                raise Unavailable(BUSY) from error
            raise
