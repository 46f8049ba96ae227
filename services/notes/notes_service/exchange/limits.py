"""How much an import may be, and how many may be under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from notechondria_shared.core.errors import BadRequest, Unavailable

RETRY_AFTER = 10
"""Seconds: most imports are done by then."""
UNPACKED = 20
"""How many times more than was sent it may be once it is unpacked."""
YOURS = "Import refused: Notes.Import/queue — another import of yours is under way; try again when it is done."
FULL = "Import refused: Notes.Import/queue — as many as can be at once ({number}) are under way; try again in a moment."


@dataclass(frozen=True, slots=True)
class Limits:
    """What one import may hold, `mib` of it being sent."""

    mib: int
    files: int

    @property
    def sent(self) -> int:
        """Bytes of what is sent."""
        return self.mib << 20

    @property
    def unpacked(self) -> int:
        """Bytes of all files together, unpacked."""
        return UNPACKED * self.sent

    def too_large(self) -> BadRequest:
        """Too much was sent."""
        text = f"Import refused: Notes.Import/upload — what was sent exceeds maximum size of {self.mib} MiB."
        return BadRequest(text)

    def too_much(self) -> BadRequest:
        """Too much is in what was sent."""
        unpacked = f"{self.files} files or {UNPACKED * self.mib} MiB"
        return BadRequest(f"Import refused: Notes.Import/read — unpacked it is more than {unpacked}.")


class Slots:
    """The imports under way in this process: so many, and one of a user."""

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
