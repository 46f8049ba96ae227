"""Rate limits that hold over all replicas."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_rate_buckets"
down_revision = "0002_calls"


def upgrade() -> None:
    """The buckets of API keys; unlogged, they need not outlive a crash."""
    op.create_table(
        "rate_buckets",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_rate_buckets"),
        schema="mcp",
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_rate_buckets_filled_at", "rate_buckets", ["filled_at"], schema="mcp")
