"""Texts of notes that had blocks only (decision 52), and imports that go on after their request (docs/notes.md)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notes_service.blocks.blank_texts import fill_blank_texts

revision = "0012_exchange"
down_revision = "0011_signed_events"


def upgrade() -> None:
    """A table of imports; a text for each note whose only text are its blocks."""
    op.create_table(
        "imports",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("files_done", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("date_created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_edit", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'failed', 'interrupted')", name="ck_imports_state"),
        sa.ForeignKeyConstraint(
            ["creator_id"], ["notes.authors.user_id"], name="fk_imports_creator_id_authors", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        schema="notes",
    )
    op.create_index("ix_imports_creator_id_id", "imports", ["creator_id", "id"], schema="notes")
    driver = op.get_bind().connection.driver_connection
    fill_blank_texts(driver)
