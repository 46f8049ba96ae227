"""How large covers are: they count among the files that one person may keep (decision 62)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_cover_size"
down_revision = "0012_exchange"


def upgrade() -> None:
    """A column; covers that are there already count as nothing."""
    op.add_column(
        "notes", sa.Column("cover_size", sa.BigInteger(), server_default=sa.text("0"), nullable=False), schema="notes"
    )
