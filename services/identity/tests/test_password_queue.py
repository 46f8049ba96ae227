"""How many sign-ins wait for a hashing thread, as the metrics show it."""

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
                running.append(asyncio.create_task(pool._run(gate.wait)))
                await asyncio.sleep(0)
                assert pool.waiting == waiting
            with pytest.raises(TooManyRequests):
                await pool._run(gate.wait)
            gate.set()
            await asyncio.gather(*running)
            assert pool.waiting == 0
        finally:
            gate.set()
            pool.close()

    asyncio.run(run())
