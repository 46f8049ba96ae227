"""When published calendars were last read, and by what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_link_readers"
down_revision = "0011_calendar_credentials"


def upgrade() -> None:
    """Unknown for the links that there are."""
    op.add_column(
        "calendar_links", sa.Column("last_read_at", sa.DateTime(timezone=True), nullable=True), schema="planner"
    )
    op.add_column(
        "calendar_links",
        sa.Column("last_read_by", sa.String(length=200), nullable=False, server_default=""),
        schema="planner",
    )
