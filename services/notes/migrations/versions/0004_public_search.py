"""Searches among public notes look through an index of their own: other people's private notes cost nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_public_search"
down_revision = "0003_search"

TEXT = "lower(NEW.title || ' ' || coalesce(NEW.description, '') || ' ' || NEW.content)"
LISTED = "NEW.is_public AND NEW.deleted_at IS NULL"


def upgrade() -> None:
    """Searches among public notes look through an index of their own: other people's private notes cost nothing."""
    op.add_column(
        "note_search", sa.Column("is_public", sa.Boolean(), nullable=False, server_default=sa.false()), schema="notes"
    )
    op.execute(
        "UPDATE notes.note_search SET is_public = true FROM notes.notes n "
        "WHERE n.id = note_search.note_id AND n.is_public AND n.deleted_at IS NULL"
    )
    op.create_index(
        "ix_note_search_public_searchable",
        "note_search",
        ["searchable"],
        schema="notes",
        postgresql_using="gin",
        postgresql_ops={"searchable": "gin_trgm_ops"},
        postgresql_where=sa.text("is_public"),
    )
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION notes.keep_searchable() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO notes.note_search (note_id, creator_id, searchable, is_public)
            VALUES (NEW.id, NEW.creator_id, {TEXT}, {LISTED})
            ON CONFLICT (note_id) DO UPDATE SET searchable = excluded.searchable, is_public = excluded.is_public
            WHERE note_search.searchable IS DISTINCT FROM excluded.searchable
            OR note_search.is_public IS DISTINCT FROM excluded.is_public;
            RETURN NULL;
        END $$
        """  # noqa: S608
    )
    op.execute("DROP TRIGGER keep_searchable ON notes.notes")
    op.execute(
        "CREATE TRIGGER keep_searchable AFTER INSERT OR UPDATE OF title, description, content, is_public, deleted_at "
        "ON notes.notes FOR EACH ROW EXECUTE FUNCTION notes.keep_searchable()"
    )
