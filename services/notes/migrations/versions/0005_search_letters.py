"""What searches look through has one small sigma, and a plain i for the dotted capital, as queries have."""

from __future__ import annotations

from alembic import op

revision = "0005_search_letters"
down_revision = "0004_public_search"

TEXT = "{0}.title || ' ' || coalesce({0}.description, '') || ' ' || {0}.content"
# What the database's lower() makes of a dotted capital, and of a sigma that ends a word, depends on its locale.
PLAIN_I = f"replace(lower(replace({TEXT}, '\u0130', 'i')), 'i\u0307', 'i')"
SEARCHABLE = f"replace({PLAIN_I}, '\u03c2', '\u03c3')"
LISTED = "NEW.is_public AND NEW.deleted_at IS NULL"


def upgrade() -> None:
    """Fold what is written from now on, and the rows that hold one of the letters."""
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION notes.keep_searchable() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO notes.note_search (note_id, creator_id, searchable, is_public)
            VALUES (NEW.id, NEW.creator_id, {SEARCHABLE.format("NEW")}, {LISTED})
            ON CONFLICT (note_id) DO UPDATE SET searchable = excluded.searchable, is_public = excluded.is_public
            WHERE note_search.searchable IS DISTINCT FROM excluded.searchable
            OR note_search.is_public IS DISTINCT FROM excluded.is_public;
            RETURN NULL;
        END $$
        """  # noqa: S608
    )
    op.execute(
        f"UPDATE notes.note_search SET searchable = {SEARCHABLE.format('n')} FROM notes.notes n "  # noqa: S608
        "WHERE n.id = note_search.note_id "
        f"AND note_search.searchable ~ '\u03c2|\u0130|i\u0307'"
    )
