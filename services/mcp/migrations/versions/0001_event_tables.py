"""The event tables."""

from __future__ import annotations

from notechondria_shared.messaging.tables import create_event_tables

revision = "0001_event_tables"
down_revision = None


def upgrade() -> None:
    """The event tables."""
    create_event_tables("mcp")
