"""Calls that are taken back together, and what became of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011_undo_runs"
down_revision = "0009_calls_of_programs"


def upgrade() -> None:
    """A table of its own; and an index for what was called in some days."""
    op.create_table(
        "undo_runs",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("call_ids", postgresql.JSONB(), nullable=False),
        sa.Column("refusals", postgresql.JSONB(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_undo_runs"),
        schema="mcp",
    )
    op.create_index("ix_undo_runs_user_id", "undo_runs", ["user_id", "id"], schema="mcp")
    op.create_index("ix_undo_runs_seen_at", "undo_runs", ["seen_at"], schema="mcp")
    op.create_index("ix_calls_user_id_called_at", "calls", ["user_id", "called_at"], schema="mcp")
