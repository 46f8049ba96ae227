"""Courses, notes, blocks, files, versions, recycle bin."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from notechondria_shared.messaging.tables import create_event_tables

revision = "0001_notes"
down_revision = None


def upgrade() -> None:
    """Courses, notes, blocks, files, versions, recycle bin."""
    create_event_tables("notes")
    op.create_table(
        "authors",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("username", sa.String(length=150), nullable=False),
        sa.Column("image_path", sa.Text(), nullable=False),
        sa.Column("editor_mode", sa.String(length=1), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("seeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_authors")),
        schema="notes",
    )
    op.create_table(
        "courses",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=True),
        sa.Column("client_course_id", sa.String(length=64), nullable=True),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("cover_image", sa.Text(), nullable=False),
        sa.Column("icon", sa.BigInteger(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("sort_order", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("date_created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_edit", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["creator_id"], ["notes.authors.user_id"], name=op.f("fk_courses_creator_id_authors"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses")),
        sa.UniqueConstraint("slug", name=op.f("uq_courses_slug")),
        schema="notes",
    )
    op.create_index(
        "ix_courses_creator_id_default",
        "courses",
        ["creator_id", "id"],
        unique=False,
        schema="notes",
        postgresql_where=sa.text("is_default"),
    )
    op.create_index(
        "uq_courses_creator_id_client_course_id",
        "courses",
        ["creator_id", "client_course_id"],
        unique=True,
        schema="notes",
        postgresql_where=sa.text("client_course_id IS NOT NULL"),
    )
    op.create_index(
        "uq_courses_creator_id_title",
        "courses",
        ["creator_id", sa.literal_column("lower(title)")],
        unique=True,
        schema="notes",
    )
    op.create_table(
        "course_media",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=True),
        sa.Column("date_created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["notes.courses.id"], name=op.f("fk_course_media_course_id_courses"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_media")),
        schema="notes",
    )
    op.create_index(
        "ix_course_media_course_id_date_created",
        "course_media",
        ["course_id", "date_created", "id"],
        unique=False,
        schema="notes",
    )
    op.create_table(
        "course_operations",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=False),
        sa.Column("operation_type", sa.String(length=16), nullable=False),
        sa.Column("metadata_json", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("date_created", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "operation_type IN ('subscribe', 'unsubscribe', 'open')", name=op.f("ck_course_operations_operation_type")
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["notes.courses.id"], name=op.f("fk_course_operations_course_id_courses"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["creator_id"],
            ["notes.authors.user_id"],
            name=op.f("fk_course_operations_creator_id_authors"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_operations")),
        schema="notes",
    )
    op.create_index("ix_course_operations_course_id", "course_operations", ["course_id"], unique=False, schema="notes")
    op.create_index(
        "ix_course_operations_creator_id", "course_operations", ["creator_id"], unique=False, schema="notes"
    )
    op.create_table(
        "course_subscriptions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("subscribed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("date_created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_edit", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["notes.courses.id"],
            name=op.f("fk_course_subscriptions_course_id_courses"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["creator_id"],
            ["notes.authors.user_id"],
            name=op.f("fk_course_subscriptions_creator_id_authors"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_subscriptions")),
        sa.UniqueConstraint("creator_id", "course_id", name=op.f("uq_course_subscriptions_creator_id_course_id")),
        schema="notes",
    )
    op.create_index(
        "ix_course_subscriptions_course_id", "course_subscriptions", ["course_id"], unique=False, schema="notes"
    )
    op.create_table(
        "notes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=True),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("sharing_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=600), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("preview_lines", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("metadata_json", sa.Text(), nullable=False),
        sa.Column("custom_meta", sa.Text(), nullable=False),
        sa.Column("client_draft_id", sa.String(length=64), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note_type", sa.String(length=1), nullable=False),
        sa.Column("source_note_id", sa.BigInteger(), nullable=True),
        sa.Column("editor_mode", sa.String(length=1), nullable=False),
        sa.Column("cover_image", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("date_created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_edit", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("editor_mode IN ('G', 'B', 'P')", name=op.f("ck_notes_editor_mode")),
        sa.CheckConstraint("note_type IN ('N', 'C')", name=op.f("ck_notes_note_type")),
        sa.ForeignKeyConstraint(
            ["course_id"], ["notes.courses.id"], name=op.f("fk_notes_course_id_courses"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["creator_id"], ["notes.authors.user_id"], name=op.f("fk_notes_creator_id_authors"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["source_note_id"], ["notes.notes.id"], name=op.f("fk_notes_source_note_id_notes"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("sharing_id", name=op.f("uq_notes_sharing_id")),
        sa.UniqueConstraint("uuid", name=op.f("uq_notes_uuid")),
        schema="notes",
    )
    op.create_index(
        "ix_notes_course_id_last_edit",
        "notes",
        ["course_id", sa.literal_column("last_edit DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="notes",
    )
    op.create_index(
        "ix_notes_creator_id_deleted_at",
        "notes",
        ["creator_id", sa.literal_column("deleted_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="notes",
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_notes_creator_id_last_edit",
        "notes",
        ["creator_id", sa.literal_column("last_edit DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="notes",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_notes_public_last_edit",
        "notes",
        [sa.literal_column("last_edit DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="notes",
        postgresql_where=sa.text("is_public AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_notes_source_note_id",
        "notes",
        ["source_note_id"],
        unique=False,
        schema="notes",
        postgresql_where=sa.text("source_note_id IS NOT NULL"),
    )
    op.create_index(
        "uq_notes_creator_id_client_draft_id",
        "notes",
        ["creator_id", "client_draft_id"],
        unique=True,
        schema="notes",
        postgresql_where=sa.text("client_draft_id IS NOT NULL"),
    )
    op.create_table(
        "note_attachments",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("note_id", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("original_filename", sa.String(length=255), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.String(length=128), nullable=False),
        sa.Column("date_created", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("file_size >= 0", name=op.f("ck_note_attachments_file_size")),
        sa.ForeignKeyConstraint(
            ["note_id"], ["notes.notes.id"], name=op.f("fk_note_attachments_note_id_notes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_attachments")),
        schema="notes",
    )
    op.create_index(
        "ix_note_attachments_note_id_date_created",
        "note_attachments",
        ["note_id", sa.literal_column("date_created DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="notes",
    )
    op.create_table(
        "note_blocks",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("note_id", sa.BigInteger(), nullable=True),
        sa.Column("block_type", sa.String(length=1), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("args", sa.String(length=256), nullable=True),
        sa.Column("is_ai_generated", sa.Boolean(), nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("date_created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_edit", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "block_type IN ('T','S','N','U','E','P','C','Q','I','L','H')", name=op.f("ck_note_blocks_block_type")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["notes.notes.id"], name=op.f("fk_note_blocks_note_id_notes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_blocks")),
        schema="notes",
    )
    op.create_index("ix_note_blocks_creator_id", "note_blocks", ["creator_id"], unique=False, schema="notes")
    op.create_index("ix_note_blocks_note_id", "note_blocks", ["note_id"], unique=False, schema="notes")
    op.create_table(
        "note_versions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("note_id", sa.BigInteger(), nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=600), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("metadata_json", sa.Text(), nullable=False),
        sa.Column("editor_mode", sa.String(length=1), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("date_created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"], ["notes.notes.id"], name=op.f("fk_note_versions_note_id_notes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_versions")),
        schema="notes",
    )
    op.create_index(
        "ix_note_versions_note_id_date_created",
        "note_versions",
        ["note_id", sa.literal_column("date_created DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="notes",
    )
    op.create_table(
        "recycle_bin_entries",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("note_id", sa.BigInteger(), nullable=False),
        sa.Column("item_type", sa.String(length=16), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("metadata_json", sa.Text(), nullable=False),
        sa.Column("date_created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_edit", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"], ["notes.notes.id"], name=op.f("fk_recycle_bin_entries_note_id_notes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recycle_bin_entries")),
        sa.UniqueConstraint("creator_id", "note_id", name=op.f("uq_recycle_bin_entries_creator_id_note_id")),
        schema="notes",
    )
    op.create_index("ix_recycle_bin_entries_note_id", "recycle_bin_entries", ["note_id"], unique=False, schema="notes")
    op.create_table(
        "note_index",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("note_id", sa.BigInteger(), nullable=False),
        sa.Column("block_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["block_id"], ["notes.note_blocks.id"], name=op.f("fk_note_index_block_id_note_blocks"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["notes.notes.id"], name=op.f("fk_note_index_note_id_notes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_index")),
        sa.UniqueConstraint(
            "note_id", "position", deferrable=True, initially="DEFERRED", name=op.f("uq_note_index_note_id_position")
        ),
        schema="notes",
    )
    op.create_index("ix_note_index_block_id", "note_index", ["block_id"], unique=False, schema="notes")
