"""The buckets of rate limits have the shape that all services share (ADR 0025)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_rate_limit_table"
down_revision = "0004_undo_claims"


def upgrade() -> None:
    """A bucket has a name; that of an API key is its digest, as before."""
    op.alter_column(
        "rate_buckets", "digest", new_column_name="bucket", type_=sa.String(length=128), nullable=False, schema="mcp"
    )
