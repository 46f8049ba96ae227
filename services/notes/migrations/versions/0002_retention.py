"""What the retention of the recycle bin looks for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_retention"
down_revision = "0001_notes"


def upgrade() -> None:
    """What the retention of the recycle bin looks for."""
    op.create_index(
        "ix_notes_deleted_at",
        "notes",
        ["deleted_at", "id"],
        schema="notes",
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
