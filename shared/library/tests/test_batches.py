"""Removing in batches goes on until one is not full."""

from __future__ import annotations

import asyncio

import pytest

from notechondria_shared.db.batches import in_batches


@pytest.mark.parametrize(("found", "rounds"), [(0, 1), (9, 1), (10, 2), (25, 3)])
def test_all_batches_are_removed(found: int, rounds: int) -> None:
    left, calls = found, 0

    async def remove() -> int:
        nonlocal left, calls
        count = min(left, 10)
        left, calls = left - count, calls + 1
        return count

    assert asyncio.run(in_batches(remove, 10)) == found
    assert (left, calls) == (0, rounds)
