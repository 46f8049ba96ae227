"""What staff does on the administration site."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_staff_actions"
down_revision = "0004_rate_limit_table"


def upgrade() -> None:
    """What staff does on the administration site."""
    op.create_table(
        "staff_actions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("object", sa.String(length=120), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_actions")),
        schema="identity",
    )
    op.create_index(op.f("ix_staff_actions_user_id"), "staff_actions", ["user_id"], schema="identity")
    op.create_index(op.f("ix_staff_actions_begun_at"), "staff_actions", ["begun_at"], schema="identity")
