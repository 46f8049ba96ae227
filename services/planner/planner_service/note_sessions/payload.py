"""The session payload (planner §6.3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, TypedDict

from notechondria_shared.core.timestamps import iso_offset
from planner_service.note_sessions.queries import SessionRow
from planner_service.planner_events.window import later

SHOWN_WHILE_OPEN = timedelta(minutes=15)


class SessionFields(TypedDict):
    """A work session as JSON has it; `schemas.SessionPayload` describes it for clients."""

    id: int
    title: str
    kind: Literal["note_session"]
    note_id: int
    course_id: int | None
    summary: str
    starts_at: str
    ends_at: str


def session_fields(row: SessionRow) -> SessionFields:
    """The payload of a row; a session still open is shown as a quarter of an hour."""
    return {
        "id": row.id,
        "title": row.title,
        "kind": "note_session",
        "note_id": row.note_id,
        "course_id": row.course_id,
        "summary": row.summary,
        "starts_at": iso_offset(row.started_at),
        "ends_at": iso_offset(row.ended_at or later(row.started_at, SHOWN_WHILE_OPEN)),
    }
