"""What the erasure of deleted accounts' events marks and looks for."""

from __future__ import annotations

from notechondria_shared.messaging.erasure import add_erasure

revision = "0006_event_erasure"
down_revision = "0005_session_events"


def upgrade() -> None:
    """A column and two indexes."""
    add_erasure("planner")
