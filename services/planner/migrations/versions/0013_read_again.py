"""Pasted calendars are read anew: zones, exceptions and characters of more programs are understood."""

from __future__ import annotations

from alembic import op

revision = "0013_read_again"
down_revision = "0012_link_readers"


def upgrade() -> None:
    """Those of an address come anew at their next turn (`reading_version`); what was pasted has none."""
    op.execute("UPDATE planner.calendar_sources SET next_read_at = now() WHERE url IS NULL")
