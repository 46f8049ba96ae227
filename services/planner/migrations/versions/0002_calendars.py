"""Calendar sources with their occurrences, and links to published calendars."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_calendars"
down_revision = "0001_planner"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Calendar sources with their occurrences, and links to published calendars."""
    op.create_table(
        "calendar_sources",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("entry_count", sa.BigInteger(), nullable=False),
        sa.Column("has_series", sa.Boolean(), nullable=False),
        sa.Column("refresh_seconds", sa.BigInteger(), nullable=True),
        sa.Column("last_attempt", MOMENT, nullable=True),
        sa.Column("last_sync", MOMENT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("next_read_at", MOMENT, nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("touched_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_sources")),
        sa.UniqueConstraint("digest", name=op.f("uq_calendar_sources_digest")),
        schema="planner",
    )
    op.create_index(
        "ix_calendar_sources_next_read_at",
        "calendar_sources",
        ["next_read_at"],
        schema="planner",
        postgresql_where=sa.text("next_read_at IS NOT NULL"),
    )
    _source_table(
        "calendar_years",
        sa.Column("year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expanded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source_id", "year", name=op.f("pk_calendar_years")),
    )
    _source_table(
        "calendar_occurrences",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_occurrences")),
    )
    op.create_index(
        "ix_calendar_occurrences_source_id_starts_at",
        "calendar_occurrences",
        ["source_id", "starts_at"],
        schema="planner",
    )
    _feeds()
    _links()


def _source_table(name: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["planner.calendar_sources.id"],
            name=op.f(f"fk_{name}_source_id_calendar_sources"),
            ondelete="CASCADE",
        ),
        schema="planner",
    )


def _feeds() -> None:
    # No endpoint has written feeds yet: there is nothing in these columns.
    op.drop_column("calendar_feeds", "raw_ical", schema="planner")
    op.drop_column("calendar_feeds", "last_sync", schema="planner")
    op.add_column("calendar_feeds", sa.Column("source_id", sa.BigInteger(), nullable=True), schema="planner")
    op.create_foreign_key(
        op.f("fk_calendar_feeds_source_id_calendar_sources"),
        "calendar_feeds",
        "calendar_sources",
        ["source_id"],
        ["id"],
        source_schema="planner",
        referent_schema="planner",
    )
    op.create_index(
        "ix_calendar_feeds_source_id",
        "calendar_feeds",
        ["source_id"],
        schema="planner",
        postgresql_where=sa.text("source_id IS NOT NULL"),
    )


def _links() -> None:
    op.create_table(
        "calendar_links",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=True),
        sa.Column("is_of_course", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("include_events", sa.Boolean(), nullable=False),
        sa.Column("include_sessions", sa.Boolean(), nullable=False),
        sa.Column("include_deadlines", sa.Boolean(), nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("date_created", MOMENT, nullable=False),
        sa.Column("last_edit", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_links")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_calendar_links_token_digest")),
        schema="planner",
    )
    op.create_index("ix_calendar_links_user_id_name", "calendar_links", ["user_id", "name", "id"], schema="planner")
    op.create_index(
        "ix_calendar_links_course_id",
        "calendar_links",
        ["course_id"],
        schema="planner",
        postgresql_where=sa.text("course_id IS NOT NULL"),
    )
