"""How many uploads may be under way in one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from notechondria_shared.core.errors import Unavailable

AT_ONCE = 2
"""Each may fill /tmp with what an import may send; in a container that is memory."""
RETRY_AFTER = 10
BUSY = "As many files as this server takes at once are being sent. Try again in a moment."


class UploadSlots:
    """A limited number of uploads at a time, and one of a person."""

    def __init__(self) -> None:
        self._people: set[int] = set()

    @contextmanager
    def taken(self, user_id: int) -> Iterator[None]:
        """Take one until the block ends, however it does; 503 when there is none."""
        if user_id in self._people or len(self._people) >= AT_ONCE:
            raise Unavailable(BUSY, RETRY_AFTER)
        self._people.add(user_id)
        try:
            yield
        finally:
            self._people.discard(user_id)
