"""The session payload (planner §6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from notechondria_shared.core.timestamps import iso_offset
from planner_service.planner_events.window import later

SHOWN_WHILE_OPEN = timedelta(minutes=15)


def session_payload(row: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of a row of `queries.COLUMNS`; a session still open is shown as a quarter of an hour."""
    return {
        "id": row["id"],
        "title": row["title"],
        "kind": "note_session",
        "note_id": row["note_id"],
        "course_id": row["course_id"],
        "summary": row["summary"],
        "starts_at": iso_offset(row["started_at"]),
        "ends_at": iso_offset(row["ended_at"] or later(row["started_at"], SHOWN_WHILE_OPEN)),
    }
