"""What the newest apps keep of courses, and the work sessions by which notes are popular (apps §4, §5)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_newest_apps"
down_revision = "0008_account_guard"


def upgrade() -> None:
    """Columns without values or with constant ones: no row is rewritten."""
    op.add_column("courses", sa.Column("color_hue", sa.SmallInteger(), nullable=True), schema="notes")
    op.create_check_constraint("ck_courses_color_hue", "courses", "color_hue BETWEEN 0 AND 359", schema="notes")
    private = sa.Column("is_private", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("course_subscriptions", private, schema="notes")
    removed = sa.Column("inbox_removed_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("authors", removed, schema="notes")
    op.create_table(
        "work_sessions",
        sa.Column("session_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_work_sessions"),
        sa.ForeignKeyConstraint(
            ["note_id"], ["notes.notes.id"], name="fk_work_sessions_note_id_notes", ondelete="CASCADE"
        ),
        schema="notes",
    )
    op.create_index("ix_work_sessions_note_id", "work_sessions", ["note_id"], schema="notes")
    op.create_index("ix_work_sessions_started_at", "work_sessions", ["started_at"], schema="notes")
