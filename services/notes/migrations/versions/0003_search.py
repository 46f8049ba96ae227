"""What searches look through: the lower-cased text of every note, indexed by trigrams per author."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_search"
down_revision = "0002_retention"

TEXT = "lower(title || ' ' || coalesce(description, '') || ' ' || content)"


def upgrade() -> None:
    """What searches look through: the lower-cased text of every note, indexed by trigrams per author."""
    op.create_table(
        "note_search",
        sa.Column("note_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("searchable", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"], ["notes.notes.id"], name=op.f("fk_note_search_note_id_notes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_note_search")),
        schema="notes",
    )
    columns = "note_id, creator_id, searchable"
    op.execute(f"INSERT INTO notes.note_search ({columns}) SELECT id, creator_id, {TEXT} FROM notes.notes")  # noqa: S608
    op.create_index(
        "ix_note_search_creator_id_searchable",
        "note_search",
        ["creator_id", "searchable"],
        schema="notes",
        postgresql_using="gin",
        postgresql_ops={"searchable": "gin_trgm_ops"},
    )
    # A trigger, so that no way of writing a note can forget it; saves that leave the text alone do not pay for it.
    text_of_new = TEXT.replace("title", "NEW.title").replace("description", "NEW.description")
    text_of_new = text_of_new.replace("content", "NEW.content")
    op.execute(
        f"""
        CREATE FUNCTION notes.keep_searchable() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO notes.note_search ({columns}) VALUES (NEW.id, NEW.creator_id, {text_of_new})
            ON CONFLICT (note_id) DO UPDATE SET searchable = excluded.searchable
            WHERE note_search.searchable IS DISTINCT FROM excluded.searchable;
            RETURN NULL;
        END $$
        """  # noqa: S608
    )
    op.execute(
        "CREATE TRIGGER keep_searchable AFTER INSERT OR UPDATE OF title, description, content ON notes.notes "
        "FOR EACH ROW EXECUTE FUNCTION notes.keep_searchable()"
    )
