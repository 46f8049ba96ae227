"""Token buckets: how many requests a key may make."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

REMEMBERED = 50_000


class TokenBuckets:
    """A bucket per key that holds a minute's worth and fills evenly. 0 per minute: no limit.

    Each process has its own buckets: with n replicas a key gets up to n times as much.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._clock = per_minute, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> int:
        """0 when a token was there, else the seconds until the next one, rounded up."""
        if self._size <= 0:
            return 0
        moment, rate = self._clock(), self._size / 60
        tokens, seen = self._buckets.pop(key, (float(self._size), moment))
        tokens = min(float(self._size), tokens + (moment - seen) * rate)
        enough = tokens >= 1
        self._buckets[key] = (tokens - 1 if enough else tokens, moment)
        if len(self._buckets) > REMEMBERED:
            # The key that was quiet longest; its bucket is most likely full again.
            self._buckets.popitem(last=False)
        return 0 if enough else max(1, math.ceil((1 - tokens) / rate))
