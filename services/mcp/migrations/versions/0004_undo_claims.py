"""Taking a call back is claimed in the row, so that no lock is held while other services are called."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_undo_claims"
down_revision = "0003_rate_buckets"


def upgrade() -> None:
    """Until when a request takes a call back."""
    op.add_column("calls", sa.Column("undo_claimed_until", sa.DateTime(timezone=True), nullable=True), schema="mcp")
