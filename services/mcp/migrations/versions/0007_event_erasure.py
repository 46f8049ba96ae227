"""What the erasure of deleted accounts' events marks and looks for."""

from __future__ import annotations

from notechondria_shared.messaging.erasure import add_erasure

revision = "0007_event_erasure"
down_revision = "0006_account_guard"


def upgrade() -> None:
    """A column and two indexes."""
    add_erasure("mcp")
