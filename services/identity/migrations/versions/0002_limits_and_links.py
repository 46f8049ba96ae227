"""Rate windows and links to providers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002_limits_and_links"
down_revision = "0001_accounts"


def upgrade() -> None:
    """Rate windows and links to providers."""
    op.create_table(
        "rate_windows",
        sa.Column("bucket", sa.String(length=128), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_rate_windows")),
        schema="identity",
    )
    op.create_index(op.f("ix_rate_windows_started_at"), "rate_windows", ["started_at"], schema="identity")
    op.create_table(
        "social_accounts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("provider_uid", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity.users.id"],
            name=op.f("fk_social_accounts_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_social_accounts")),
        sa.UniqueConstraint("provider", "provider_uid", name=op.f("uq_social_accounts_provider_provider_uid")),
        sa.UniqueConstraint("user_id", "provider", name=op.f("uq_social_accounts_user_id_provider")),
        schema="identity",
    )
