"""The buckets of rate limits have the shape that all services share (ADR 0025)."""

from __future__ import annotations

from alembic import op

from notechondria_shared.web.rate_limit import create_bucket_table

revision = "0004_rate_limit_table"
down_revision = "0003_file_deletions"


def upgrade() -> None:
    """Buckets instead of windows; tries of the last minute are forgotten."""
    create_bucket_table("identity")
    op.drop_table("rate_windows", schema="identity")
