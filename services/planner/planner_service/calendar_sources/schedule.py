"""When an address is fetched again: pure rules. Times in seconds."""

from __future__ import annotations

import random
from dataclasses import dataclass

FIRST_RETRY = 60.0
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Schedule:
    """The operator's limits."""

    default: float
    shortest: float
    longest: float

    def after_success(self, published: int | None) -> float:
        """What the publisher asks for, within the limits; a little earlier or later, so that feeds spread out."""
        seconds = self.default if published is None else float(published)
        return self._within(seconds * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - no secret

    def after_failure(self, failures: int, asked: float | None = None) -> float:
        """A minute, then twice as long each time; longer when the server asks for it. `failures` in a row, from 1."""
        wait = FIRST_RETRY * 2.0 ** min(failures - 1, 20)
        return min(max(wait * random.uniform(1, 1 + JITTER), asked or 0.0), self.longest)  # noqa: S311 - no secret

    def _within(self, seconds: float) -> float:
        return max(self.shortest, min(self.longest, seconds))
