"""When an event was completed (planner §2.5): a pure rule over what a request says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def completed_at(sent: Mapping[str, Any], stored: datetime | None, at: datetime) -> datetime | None:
    """`completed_at` after a request that holds the keys `sent`; `moment` is now.

    Completing keeps a time that was sent or stored and else takes now, reopening clears it; without `is_completed` a
    sent value is stored as it is.
    """
    if "is_completed" not in sent:
        return stored if "completed_at" not in sent else _moment(sent)
    if not sent["is_completed"]:
        return None
    return _moment(sent) or stored or at


def _moment(sent: Mapping[str, Any]) -> datetime | None:
    value: datetime | None = sent.get("completed_at")
    return value
