"""Shares of what is fetched at the same time: nobody's hanging calendars hold up those of others.

A fetch may take ten seconds, and a server that never answers takes all of them. A user has a few fetches under way at
once, whoever's servers they ask, and a server is asked a few times at once, whoever asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from notechondria_shared.core.web_addresses import host_of

OF_A_USER = 4
OF_A_HOST = 8


class FetchShares:
    """Waits for a slot of a user and of a host."""

    def __init__(self, of_a_user: int = OF_A_USER, of_a_host: int = OF_A_HOST) -> None:
        self._of_a_user, self._of_a_host = of_a_user, of_a_host
        self._slots: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def take(self, user_id: int, url: str | None) -> AsyncIterator[None]:
        """A slot for one fetch; the user's first and then the host's, so that two never wait for each other."""
        host = host_of(url) if url else ""
        async with self._slot(f"user {user_id}", self._of_a_user), self._slot(f"host {host}", self._of_a_host):
            yield

    @asynccontextmanager
    async def _slot(self, name: str, size: int) -> AsyncIterator[None]:
        semaphore, users = self._slots.get(name, (asyncio.Semaphore(size), 0))
        self._slots[name] = semaphore, users + 1
        try:
            async with semaphore:
                yield
        finally:
            semaphore, users = self._slots[name]
            if users == 1:
                del self._slots[name]
            else:
                self._slots[name] = semaphore, users - 1
