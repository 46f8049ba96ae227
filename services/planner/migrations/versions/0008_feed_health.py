"""What a calendar could not be read of, and since when it fails; each is read anew, for more of it is read now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_feed_health"
down_revision = "0007_signed_events"


def upgrade() -> None:
    """Columns of sources."""
    for column in (
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("skipped", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("skipped_reason", sa.Text(), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("calendar_sources", column, schema="planner")
    op.execute("UPDATE planner.calendar_sources SET failing_since = last_attempt WHERE last_error IS NOT NULL")
    # Spread over an hour, and without the marks that would be answered with 304.
    op.execute(
        "UPDATE planner.calendar_sources SET last_sync = NULL, etag = NULL, last_modified = NULL, "
        "next_read_at = now() + random() * interval '1 hour'"
    )
