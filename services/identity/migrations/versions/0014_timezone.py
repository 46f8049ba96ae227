"""The person's time zone (decision 57)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_timezone"
down_revision = "0013_people"


def upgrade() -> None:
    """A column with a constant default: no row is rewritten."""
    column = sa.Column("timezone", sa.String(length=64), server_default="", nullable=False)
    op.add_column("users", column, schema="identity")
