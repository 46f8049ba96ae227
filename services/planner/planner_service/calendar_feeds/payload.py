"""The feed payload (planner §3.3), and what is told of an import (§12.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from notechondria_shared.core.timestamps import iso_offset, iso_z

NOTHING = "There is nothing to read: neither a text nor an address was given."
NO_ENTRIES = "There are no entries in it."
NOT_YET = "It is still being read."


def feed_payload(row: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of a row of `queries.COLUMNS`."""
    return {
        "id": row["id"],
        "title": row["title"],
        "source_kind": row["source_kind"],
        "source_url": row["source_url"],
        "is_enabled": row["is_enabled"],
        "course_id": row["course_id"],
        "last_sync": None if row["last_sync"] is None else iso_z(row["last_sync"]),
        "last_error": row["last_error"],
        "entry_count": row["entry_count"],
        "date_created": iso_z(row["date_created"]),
        "last_edit": iso_z(row["last_edit"]),
    }


def summary(feed: Mapping[str, Any], shown: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """`import_summary` (planner §12.4) of a feed's row; `shown` are the first entries."""
    count: int = feed["entry_count"]
    unread = NOT_YET if feed["last_sync"] is None else NO_ENTRIES
    reason = NOTHING if feed["source_id"] is None else feed["last_error"] or unread
    return {
        "ok": count > 0,
        "count": count,
        "events": [
            {"title": row["title"] or feed["title"], "starts_at": iso_offset(row["starts_at"])} for row in shown
        ],
        "error": "" if count else reason,
    }
