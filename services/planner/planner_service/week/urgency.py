"""How urgent a deadline is (planner §6.4)."""

from __future__ import annotations

from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
SHORTEST_HOURS = 1 / 60


def urgency_score(weight: int, starts_at: datetime, at: datetime) -> float:
    """Weight per hour left until the start, four decimals; from the last minute on it grows no further."""
    return round(weight / max((starts_at - at) / HOUR, SHORTEST_HOURS), 4)
