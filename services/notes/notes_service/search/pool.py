"""Threads that rank searches, beside the event loop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from notechondria_shared.core.errors import Unavailable

SWITCH_SECONDS = 0.001
"""How long a ranking thread keeps the interpreter while the event loop waits for it; Python's own 5 ms, once for each
step of a request, are what somebody else's reads would be late by."""
FULL = "Search is busy: Notes.Search/rank — please try again in a moment."

P = ParamSpec("P")
T = TypeVar("T")


class SearchPool:
    """Few threads with a bounded queue, so that ranking never blocks the event loop."""

    def __init__(self, workers: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="search")
        self._room = workers + queue
        sys.setswitchinterval(SWITCH_SECONDS)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `work`, called in a thread; 503 when too many wait already."""
        if self._room <= 0:
            raise Unavailable(FULL)
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **kwargs))
        finally:
            self._room += 1

    def close(self) -> None:
        """End the threads; running work ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)
