"""When this schema learned to check who published an event (ADR 0032)."""

from __future__ import annotations

from notechondria_shared.messaging.signatures import add_signing

revision = "0008_signed_events"
down_revision = "0007_event_erasure"


def upgrade() -> None:
    """A table of one row, or none."""
    add_signing("mcp")
