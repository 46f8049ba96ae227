"""Files that are to be deleted after a commit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_file_deletions"
down_revision = "0002_limits_and_links"


def upgrade() -> None:
    """The queue of deletions."""
    op.create_table(
        "file_deletions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_file_deletions"),
        schema="identity",
    )
    op.create_index("ix_file_deletions_path", "file_deletions", ["path"], schema="identity")
