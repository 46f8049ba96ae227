"""User names and passwords of addresses stand in columns of their own, encrypted.

The service takes those apart that are there: a migration has no key.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_calendar_credentials"
down_revision = "0010_timezone"


def upgrade() -> None:
    """Columns that may be empty: no row is rewritten."""
    for table in ("calendar_sources", "calendar_feeds"):
        op.add_column(table, sa.Column("credentials", sa.Text(), nullable=True), schema="planner")
