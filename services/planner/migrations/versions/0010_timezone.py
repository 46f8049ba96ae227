"""The person's time zone, and which times of calendars are in it (decision 57)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_timezone"
down_revision = "0009_published_calendars"


def upgrade() -> None:
    """Columns with constant defaults. Calendars are read again, those from an address at their next turn."""
    op.add_column(
        "account_states", sa.Column("timezone", sa.Text(), server_default="", nullable=False), schema="planner"
    )
    op.add_column(
        "calendar_occurrences",
        sa.Column("is_floating", sa.Boolean(), server_default=sa.false(), nullable=False),
        schema="planner",
    )
    op.add_column(
        "calendar_sources",
        sa.Column("reading_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        schema="planner",
    )
    op.execute("UPDATE planner.calendar_sources SET next_read_at = now() WHERE url IS NULL")
