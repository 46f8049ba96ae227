"""How many requests a process answers at once, and what it goes on answering beyond that (docs/security.md, "Time").

One client has a part of the places only. A full process must not look like a dead one: the gateway would take it out,
and apps sign people out when the session probe fails. Health checks, the probe and the other services' questions pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from notechondria_shared.core.errors import TooManyRequests, Unavailable

REQUESTS_AT_ONCE = 800
CONNECTIONS_AT_ONCE = 2000
"""Of the server below, quiet connections of the gateway included."""
PROBE = "/api/v1/auth/session/"
TOO_MANY = "Request refused: Backend.Http/capacity — too many requests from this address at once."
FULL = "Request refused: Backend.Http/capacity — too many requests at once, try again in a moment."


class Capacity:
    """The requests under way in one process."""

    def __init__(self, at_once: int = REQUESTS_AT_ONCE, per_client: int = 0) -> None:
        self._at_once, self._per_client = at_once, per_client
        self._of: Counter[str] = Counter()
        self.running = 0

    @contextmanager
    def take(self, path: str, client: str) -> Iterator[None]:
        """A place for a request of `client`, its address or network; `""` for another service.

        With `Retry-After`: 503 when all places are taken, 429 when the client has its share. Neither holds for what
        is essential.
        """
        if not _is_essential(path):
            if self.running >= self._at_once:
                raise Unavailable(FULL, retry_after=1)
            if client and 0 < self._per_client <= self._of[client]:
                raise TooManyRequests(TOO_MANY, retry_after=1)
        self.running += 1
        self._of[client] += 1
        try:
            yield
        finally:
            self.running -= 1
            self._of[client] -= 1
            if not self._of[client]:
                del self._of[client]


def _is_essential(path: str) -> bool:
    return path.startswith("/internal/") or path == PROBE
