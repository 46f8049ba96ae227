"""Removing much in short transactions, so that nobody waits long for a lock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable


async def in_batches(remove: Callable[[], Awaitable[int]], size: int) -> int:
    """Call `remove`, which removes up to `size` rows in a transaction of its own, until it finds fewer; the sum."""
    removed = 0
    while True:
        count = await remove()
        removed += count
        if count < size:
            return removed
