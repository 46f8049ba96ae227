"""From which network a session was made, as its owner sees it: an address without its last part."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015_session_networks"
down_revision = "0014_timezone"


def upgrade() -> None:
    """Unknown for the sessions that there are."""
    op.add_column(
        "sessions", sa.Column("network", sa.String(length=64), nullable=False, server_default=""), schema="identity"
    )
