"""The agents' log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002_calls"
down_revision = "0001_event_tables"


def upgrade() -> None:
    """The agents' log."""
    op.create_table(
        "calls",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=True),
        sa.Column("client", sa.String(length=200), nullable=False),
        sa.Column("tool", sa.String(length=64), nullable=False),
        sa.Column("is_change", sa.Boolean(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("touched", postgresql.JSONB(), nullable=False),
        sa.Column("undo", postgresql.JSONB(), nullable=True),
        sa.Column("final_reason", sa.String(length=200), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
        schema="mcp",
    )
    op.create_index("ix_calls_user_id_id", "calls", ["user_id", sa.text("id DESC")], schema="mcp")
    op.create_index("ix_calls_called_at", "calls", ["called_at"], schema="mcp")
