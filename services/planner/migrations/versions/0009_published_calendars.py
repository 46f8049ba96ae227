"""Published entries are called by the installation, not by its host; what was published before keeps its name.

Events may have no time of day, and links ring before events.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "0009_published_calendars"
down_revision = "0008_feed_health"


def upgrade() -> None:
    """The id of this installation; columns."""
    op.create_table(
        "installation",
        sa.Column("id", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()")),
        sa.Column("single", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.CheckConstraint("single", name="ck_installation_single"),
        sa.PrimaryKeyConstraint("single", name="pk_installation"),
        schema="planner",
    )
    op.execute("INSERT INTO planner.installation DEFAULT VALUES")
    op.add_column("calendar_links", sa.Column("alarm_minutes", sa.BigInteger(), nullable=True), schema="planner")
    op.add_column(
        "planner_events",
        sa.Column("is_all_day", sa.Boolean(), nullable=False, server_default=sa.false()),
        schema="planner",
    )
    # As links have written the host until now.
    host = urlsplit(os.environ.get("PUBLIC_BASE_URL", "")).hostname or "notechondria"
    for table in ("planner_events", "note_sessions"):
        op.add_column(table, sa.Column("uid_host", sa.Text(), nullable=True), schema="planner")
        statement = sa.text(f"UPDATE planner.{table} SET uid_host = :host")  # noqa: S608 - names of ours
        op.execute(statement.bindparams(host=host))
