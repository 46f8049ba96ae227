"""How busy the pools of a service are, as its metrics show it."""

from __future__ import annotations

import asyncio
from typing import ClassVar, cast

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from notechondria_launcher.stack import Stack
from notechondria_shared.core.errors import Unavailable
from notechondria_shared.core.settings import ServiceSettings
from notechondria_shared.db import Database, prepare_command
from notechondria_shared.db.reader import PoolUse, prepare_scalar
from notechondria_shared.db.write_pool import WritePool
from tests.support.keys import KEY_SETTINGS, ONE_KEY


class Settings(ServiceSettings):
    """Of a service with pools."""

    service: ClassVar[str] = "notes"


def settings_of(stack: Stack, size: int, *, metrics: bool = False) -> Settings:
    return Settings(
        database_url=SecretStr(stack.database_url("notes")),
        service_key=SecretStr(ONE_KEY),
        service_public_keys=KEY_SETTINGS["SERVICE_PUBLIC_KEYS"],
        database_pool_size=size,
        metrics=metrics,
    )


def test_use_and_waiting_of_both_pools(stack: Stack) -> None:
    settings = settings_of(stack, 1, metrics=True)
    # All wait for a lock that is held here, so that nothing depends on how fast they are.
    wait = text("SELECT pg_advisory_xact_lock_shared(4711)")
    read = prepare_command(wait)

    async def run(holding: psycopg.Connection[tuple[object, ...]]) -> None:
        database = Database(settings)
        await database.open()
        try:
            assert database.pools() == {"read": PoolUse(1, 0, 0), "write": PoolUse(1, 0, 0)}
            reads = [asyncio.create_task(database.reader.all(read)) for _ in range(3)]

            async def write() -> None:
                async with database.transaction() as db:
                    await db.execute(wait)

            writes = [asyncio.create_task(write()) for _ in range(3)]
            wanted = {"read": PoolUse(1, 1, 2), "write": PoolUse(1, 1, 2)}
            async with asyncio.timeout(30):
                while database.pools() != wanted:  # noqa: ASYNC110 - nothing signals a change
                    await asyncio.sleep(0.01)
            holding.rollback()
            await asyncio.gather(*reads, *writes)
            assert database.pools() == {"read": PoolUse(1, 0, 0), "write": PoolUse(1, 0, 0)}
        finally:
            await database.close()

    with psycopg.connect(stack.database_url("notes")) as holding:
        holding.execute("SELECT pg_advisory_xact_lock(4711)")
        asyncio.run(run(holding))


def test_a_statement_by_itself_leaves_a_connection_as_sessions_need_it(stack: Stack) -> None:
    settings = settings_of(stack, 1)
    pid = prepare_scalar(text("SELECT pg_backend_pid()"), int)
    asleep = prepare_command(text("SELECT pg_sleep(30)"))
    lost = prepare_command(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    async def run() -> None:
        database = Database(settings)
        try:
            (first,) = await database.run(pid)
            async with database.transaction() as db:
                # The same connection, and again one with transactions: what is not committed does not stay.
                assert await db.scalar(text("SELECT pg_backend_pid()")) == first
                await db.execute(text("CREATE TEMPORARY TABLE kept ON COMMIT PRESERVE ROWS AS SELECT 1"))
                await db.rollback()
                assert await db.scalar(text("SELECT to_regclass('kept')")) is None
            with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
                admin.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
            (second,) = await database.run(pid)  # an ended one is replaced before it is used
            assert second != first
            with pytest.raises(Unavailable):  # one that ends meanwhile is 503: it may have been committed
                await database.run(lost)
            (third,) = await database.run(pid)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await database.run(asleep)
            assert await asyncio.wait_for(database.run(pid), 10)
            assert third not in {first, second}
            assert database.pools()["write"].used == 0
        finally:
            await database.close()

    asyncio.run(run())


def test_connections_that_nobody_needs_are_closed_and_made_again(stack: Stack) -> None:
    settings = settings_of(stack, 3)

    async def run() -> None:
        database = Database(settings)
        pool = cast("WritePool", database._engine.pool)

        async def pid_of(together: int) -> set[int]:
            """Of as many transactions at once."""
            begun = asyncio.Barrier(together)

            async def one() -> int:
                async with database.transaction() as db:
                    pid = await db.scalar(text("SELECT pg_backend_pid()"))
                    await begun.wait()
                    assert isinstance(pid, int)
                    return pid

            return set(await asyncio.gather(*(one() for _ in range(together))))

        try:
            all_three = await pid_of(3)
            assert (len(all_three), pool.checkedin()) == (3, 3)
            await asyncio.sleep(0.2)
            (used,) = await pid_of(1)
            assert await pool.close_idle(0.1) == 2
            assert (pool.checkedin(), pool.checkedout()) == (1, 0)
            assert await pid_of(1) == {used}  # the one that was in use stays
            with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
                left = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)"
                async with asyncio.timeout(10):
                    while admin.execute(left, [list(all_three)]).fetchone() != (1,):  # noqa: ASYNC110 - as above
                        await asyncio.sleep(0.01)
            # All that the pool may hold can be had again, and no more.
            assert len(await pid_of(3) - all_three) == 2
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await pid_of(4)
            async with asyncio.timeout(30):
                while pool.checkedout():  # noqa: ASYNC110 - the transactions that were cut off end by themselves
                    await asyncio.sleep(0.01)
            assert await pool.close_idle(0) == pool.size()
            assert (pool.checkedin(), pool.checkedout()) == (0, 0)
            assert await pool.close_idle(0) == 0
            assert len(await pid_of(3)) == 3
        finally:
            await database.close()

    asyncio.run(run())
