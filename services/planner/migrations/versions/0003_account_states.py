"""Whether accounts are open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_account_states"
down_revision = "0002_calendars"


def upgrade() -> None:
    """Whether accounts are open."""
    op.create_table(
        "account_states",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_account_states")),
        schema="planner",
    )
