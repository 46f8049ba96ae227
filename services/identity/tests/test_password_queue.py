"""Sign-ins that wait for a hashing thread: how many, as the metrics show it, and whose turn it is."""

from __future__ import annotations

import asyncio
import threading

import pytest

from identity_service.passwords import PasswordPool
from notechondria_shared.core.errors import TooManyRequests


def test_waiting_are_those_beyond_the_threads() -> None:
    gate = threading.Event()

    async def run() -> None:
        pool = PasswordPool(workers=1, queue=2)
        try:
            assert pool.waiting == 0
            running = []
            for waiting in (0, 1, 2):
                running.append(asyncio.create_task(pool._run(gate.wait, "a")))
                await asyncio.sleep(0)
                assert pool.waiting == waiting
            with pytest.raises(TooManyRequests):
                await pool._run(gate.wait, "a")
            gate.set()
            await asyncio.gather(*running)
            assert pool.waiting == 0
        finally:
            gate.set()
            pool.close()

    asyncio.run(run())


def test_sources_take_turns_and_a_flood_waits_behind_itself() -> None:
    gate = threading.Event()
    order: list[str] = []

    async def ask(pool: PasswordPool, source: str) -> bool:
        try:
            await pool._run(gate.wait, source)
        except TooManyRequests:
            return False
        order.append(source)
        return True

    async def run() -> tuple[list[bool], list[bool]]:
        pool = PasswordPool(workers=1, queue=6)
        try:
            flood = [asyncio.create_task(ask(pool, "flood")) for _ in range(20)]
            await asyncio.sleep(0)
            honest = [asyncio.create_task(ask(pool, name)) for name in ("one", "two", "three")]
            await asyncio.sleep(0)
            assert pool.waiting == 6
            gate.set()
            return await asyncio.gather(*flood), await asyncio.gather(*honest)
        finally:
            gate.set()
            pool.close()

    flood, honest = asyncio.run(run())
    assert honest == [True, True, True]
    assert flood.count(True) == 1 + 3  # the one that had a thread, and what was left of the queue
    assert order[:5] == ["flood", "flood", "one", "two", "three"]


def test_a_client_that_leaves_gives_its_turn_to_the_next() -> None:
    gate = threading.Event()

    async def run() -> None:
        pool = PasswordPool(workers=1, queue=4)
        try:
            first, left, last = (asyncio.create_task(pool._run(gate.wait, source)) for source in ("a", "b", "c"))
            await asyncio.sleep(0)
            left.cancel()
            gate.set()
            async with asyncio.timeout(10):
                await asyncio.gather(first, last)
            assert pool.waiting == 0
            assert await pool._run(gate.wait, "d")
        finally:
            gate.set()
            pool.close()

    asyncio.run(run())
