"""How much of request bodies a process holds at once (docs/security.md, "Memory").

A body is kept whole until its request is answered. The first piece of each is free, so that small requests pass
whatever large ones do; what is beyond it counts against a budget of the process and a share of the client.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from notechondria_shared.core.errors import Unavailable

FREE_BYTES = 64 * 1024
PROCESS_BYTES = 96 * 1024 * 1024
CLIENT_BYTES = 48 * 1024 * 1024
"""Two notes of the largest size at once."""
RETRY_AFTER = 2
FULL = "Request refused: Backend.Http/body — too many large requests at once, try again in a moment."


class BodyBudget:
    """Bytes of bodies in memory, in sum and per client. For one event loop."""

    def __init__(self, process_bytes: int = PROCESS_BYTES, client_bytes: int = CLIENT_BYTES) -> None:
        self._process_bytes, self._client_bytes = process_bytes, client_bytes
        self._held = 0
        self._of: Counter[str] = Counter()

    @property
    def held(self) -> int:
        """Bytes that count now."""
        return self._held

    @contextmanager
    def hold(self, client: str) -> Iterator[BodyHold]:
        """For the time of one request of `client` (a user or an address)."""
        hold = BodyHold(self, client)
        try:
            yield hold
        finally:
            self._release(client, hold.counted)

    def reserve(self, client: str, size: int) -> None:
        """Count `size` further bytes; 503 with `Retry-After` when the budget or the client's share is used up."""
        if self._held + size > self._process_bytes or self._of[client] + size > self._client_bytes:
            raise Unavailable(FULL, retry_after=RETRY_AFTER)
        self._held += size
        self._of[client] += size

    def _release(self, client: str, size: int) -> None:
        self._held -= size
        self._of[client] -= size
        if self._of[client] <= 0:
            del self._of[client]


class BodyHold:
    """What one request holds."""

    def __init__(self, budget: BodyBudget, client: str) -> None:
        self._budget, self._client = budget, client
        self._size = 0
        self.counted = 0

    def add(self, size: int) -> None:
        """Take in `size` further bytes of the body."""
        self._size += size
        due = max(0, self._size - FREE_BYTES) - self.counted
        if due > 0:
            self._budget.reserve(self._client, due)
            self.counted += due


BUDGET = BodyBudget()
"""Of this process, whichever services run in it."""
