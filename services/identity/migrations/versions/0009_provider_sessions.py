"""Which provider a session was signed in by: for the deletion of accounts without a password (decision 51)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_provider_sessions"
down_revision = "0008_event_erasure"


def upgrade() -> None:
    """A column; of the sessions that are there it is not known."""
    op.add_column(
        "sessions", sa.Column("provider", sa.String(16), nullable=False, server_default=""), schema="identity"
    )
