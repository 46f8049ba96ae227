"""Which authors are seeded, remembered per process."""

from __future__ import annotations

KNOWN_LIMIT = 100_000


class KnownAuthors:
    """User ids that this process has seen to be seeded: they need no statement."""

    def __init__(self) -> None:
        self._ids: set[int] = set()

    def __contains__(self, user_id: int) -> bool:
        return user_id in self._ids

    def add(self, user_id: int) -> None:
        """Remember an id; a full memory starts over."""
        if len(self._ids) >= KNOWN_LIMIT:
            self._ids.clear()
        self._ids.add(user_id)

    def forget(self, user_id: int) -> None:
        """Drop the id of a deleted account."""
        self._ids.discard(user_id)
