"""How many imports may be under way in one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from notechondria_shared.core.errors import Unavailable

RETRY_AFTER = 10
"""Seconds: most imports are done by then."""
YOURS = "Import refused: Notes.Import/queue — another import of yours is under way; try again when it is done."
FULL = "Import refused: Notes.Import/queue — as many as can be at once ({number}) are under way; try again in a moment."


class ImportSlots:
    """A limited number of imports at a time, and one of a user."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._users: set[int] = set()

    @contextmanager
    def taken(self, user_id: int) -> Iterator[None]:
        """Take one until the block ends, however it does; 503 when there is none."""
        if user_id in self._users:
            raise Unavailable(YOURS, RETRY_AFTER)
        if len(self._users) >= self._number:
            raise Unavailable(FULL.format(number=self._number), RETRY_AFTER)
        self._users.add(user_id)
        try:
            yield
        finally:
            self._users.remove(user_id)
