"""When an event was completed (planner §2.5): a pure rule over what a request says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


def completed_at(sent: Mapping[str, object], stored: datetime | None, at: datetime) -> datetime | None:
    """`completed_at` after a request that holds the keys `sent`; `at` is now.

    Completing keeps a time that was sent or stored and else takes now, reopening clears it; without `is_completed` a
    sent value is stored as it is.
    """
    value = sent.get("completed_at")
    timestamp = value if isinstance(value, datetime) else None
    if "is_completed" not in sent:
        return timestamp if "completed_at" in sent else stored
    if not sent["is_completed"]:
        return None
    return timestamp or stored or at
