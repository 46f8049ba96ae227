"""Planner events, feeds, work sessions, activity and references."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notechondria_shared.messaging.tables import create_event_tables

revision = "0001_planner"
down_revision = None


def upgrade() -> None:
    """Planner events, feeds, work sessions, activity and references."""
    create_event_tables("planner")
    op.create_table(
        "activities",
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("note_id", sa.BigInteger(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=True),
        sa.Column("activity_type", sa.String(length=1), nullable=False),
        sa.Column("activity_date", sa.Date(), nullable=False),
        sa.Column("word_count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("activity_type IN ('C', 'E')", name=op.f("ck_activities_activity_type")),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_activities")),
        schema="planner",
    )
    op.create_index(
        "ix_activities_course_id",
        "activities",
        ["course_id"],
        unique=False,
        schema="planner",
        postgresql_where=sa.text("course_id IS NOT NULL"),
    )
    op.create_index("ix_activities_note_id", "activities", ["note_id"], unique=False, schema="planner")
    op.create_index(
        "ix_activities_user_id_activity_date",
        "activities",
        ["user_id", "activity_date"],
        unique=False,
        schema="planner",
    )
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("source_kind", sa.String(length=1), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("raw_ical", sa.Text(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("last_sync", sa.DateTime(timezone=True), nullable=True),
        sa.Column("date_created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_edit", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source_kind IN ('I', 'S')", name=op.f("ck_calendar_feeds_source_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feeds")),
        schema="planner",
    )
    op.create_index(
        "ix_calendar_feeds_course_id",
        "calendar_feeds",
        ["course_id"],
        unique=False,
        schema="planner",
        postgresql_where=sa.text("course_id IS NOT NULL"),
    )
    op.create_index(
        "ix_calendar_feeds_user_id_title", "calendar_feeds", ["user_id", "title", "id"], unique=False, schema="planner"
    )
    op.create_table(
        "course_refs",
        sa.Column("course_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_course_refs")),
        schema="planner",
    )
    op.create_index("ix_course_refs_user_id", "course_refs", ["user_id"], unique=False, schema="planner")
    op.create_table(
        "note_refs",
        sa.Column("note_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_revision", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('live', 'trashed', 'purged')", name=op.f("ck_note_refs_state")),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_note_refs")),
        schema="planner",
    )
    op.create_index(
        "ix_note_refs_course_id",
        "note_refs",
        ["course_id"],
        unique=False,
        schema="planner",
        postgresql_where=sa.text("course_id IS NOT NULL"),
    )
    op.create_index("ix_note_refs_user_id", "note_refs", ["user_id"], unique=False, schema="planner")
    op.create_table(
        "note_sessions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("note_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("summary", sa.String(length=255), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("date_created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_edit", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_sessions")),
        schema="planner",
    )
    op.create_index("ix_note_sessions_note_id", "note_sessions", ["note_id"], unique=False, schema="planner")
    op.create_index(
        "ix_note_sessions_user_id_started_at",
        "note_sessions",
        ["user_id", sa.literal_column("started_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="planner",
    )
    op.create_table(
        "planner_events",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("event_date", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("difficulty_weight", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("is_completed", sa.Boolean(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recurrence_freq", sa.String(length=1), nullable=False),
        sa.Column("recurrence_interval", sa.BigInteger(), nullable=False),
        sa.Column("recurrence_end_date", sa.Date(), nullable=True),
        sa.Column("recurrence_count", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("date_created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_edit", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("recurrence_freq IN ('N', 'W', 'M', 'Y')", name=op.f("ck_planner_events_recurrence_freq")),
        sa.CheckConstraint("difficulty_weight >= 1", name=op.f("ck_planner_events_difficulty_weight")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_planner_events_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planner_events")),
        schema="planner",
    )
    op.create_index(
        "ix_planner_events_course_id",
        "planner_events",
        ["course_id"],
        unique=False,
        schema="planner",
        postgresql_where=sa.text("course_id IS NOT NULL"),
    )
    op.create_index(
        "ix_planner_events_deadlines",
        "planner_events",
        ["user_id", "starts_at", "event_date", "title"],
        unique=False,
        schema="planner",
        postgresql_where=sa.text("NOT is_completed AND recurrence_freq = 'N'"),
    )
    op.create_index(
        "ix_planner_events_series",
        "planner_events",
        ["user_id", "event_date"],
        unique=False,
        schema="planner",
        postgresql_where=sa.text("NOT is_completed AND recurrence_freq <> 'N'"),
    )
    op.create_index(
        "ix_planner_events_user_id_event_date",
        "planner_events",
        ["user_id", "event_date", "title", "id"],
        unique=False,
        schema="planner",
    )
