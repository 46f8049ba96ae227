"""Files that are to be deleted after a commit, and names of files that are being taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_file_deletions"
down_revision = "0005_search_letters"


def upgrade() -> None:
    """The queue of deletions, and the claims of uploads."""
    op.create_table(
        "file_deletions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_file_deletions"),
        schema="notes",
    )
    op.create_index("ix_file_deletions_path", "file_deletions", ["path"], schema="notes")
    op.create_table(
        "file_claims",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("path", name="pk_file_claims"),
        schema="notes",
    )
