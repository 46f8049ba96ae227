"""What searches and lists read of a person's notes: an outline of each, an index of their words, and counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_reads"
down_revision = "0013_cover_size"

TEXT = "{0}.title || ' ' || coalesce({0}.description, '') || ' ' || {0}.content"
# As 0005 writes `note_search`.
PLAIN_I = f"replace(lower(replace({TEXT}, '\u0130', 'i')), 'i\u0307', 'i')"
SEARCHABLE = f"replace({PLAIN_I}, '\u03c2', '\u03c3')"
SHORT, LARGE = 512, 262_144
"""Bytes up to which an outline has the beginning of the text, and beyond which a note's words are not indexed."""

COLUMNS = ("creator_id", "course_id", "is_public", "title", "description", "octets", "short_text", "words")
OUTLINE = (
    "{0}.id, {0}.creator_id, {0}.course_id, {0}.is_public, {0}.title, coalesce({0}.description, ''), "
    f"octet_length({{0}}.content), CASE WHEN octet_length({{0}}.content) <= {SHORT} THEN {{0}}.content END"
)

# A word of a search holds no white space: it lies inside one of these, or inside a piece of one that is long. Pieces of
# 64 characters, once from the first character and once from the 33rd on, hold whatever is 33 characters long or less.
PIECES_OF = """
CREATE FUNCTION notes.pieces_of(words text[]) RETURNS SETOF text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT DISTINCT word FROM unnest(words) AS word WHERE word <> '' AND length(word) <= 64
    UNION SELECT piece[1] FROM unnest(words) AS word, regexp_matches(word, '.{1,64}', 'g') AS piece
    WHERE length(word) > 64
    UNION SELECT piece[1] FROM unnest(words) AS word, regexp_matches(substr(word, 33), '.{1,64}', 'g') AS piece
    WHERE length(word) > 64
$$
"""
WORDS_OF = r"""
CREATE FUNCTION notes.words_of(searchable text) RETURNS SETOF text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT notes.pieces_of(string_to_array(translate(searchable, E'\t\n\r\f\x0b', '     '), ' '))
$$
"""

# New words go in by order, so that two saves which bring the same ones wait for each other and never in a circle.
# Whoever removes unused words waits for the lock: a word that a save has just looked up stays.
KEEP_OUTLINE = f"""
CREATE FUNCTION notes.keep_outline() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    words_now text[];
    ids bigint[];
    is_more boolean;
    was_listed boolean := TG_OP <> 'INSERT' AND OLD.deleted_at IS NULL;
    is_listed boolean := TG_OP <> 'DELETE' AND NEW.deleted_at IS NULL;
    is_counted boolean := was_listed AND is_listed
        AND (OLD.course_id, OLD.is_public) IS NOT DISTINCT FROM (NEW.course_id, NEW.is_public);
BEGIN
    IF was_listed AND NOT is_counted THEN
        INSERT INTO notes.note_counts (creator_id, course_id, is_public, notes)
        VALUES (OLD.creator_id, OLD.course_id, OLD.is_public, -1);
    END IF;
    IF is_listed AND NOT is_counted THEN
        INSERT INTO notes.note_counts (creator_id, course_id, is_public, notes)
        VALUES (NEW.creator_id, NEW.course_id, NEW.is_public, 1);
        IF random() < 0.02 THEN
            PERFORM notes.sum_up_counts(NEW.creator_id);
        END IF;
    END IF;
    IF NOT is_listed THEN
        DELETE FROM notes.note_outlines WHERE note_id = OLD.id;
        RETURN NULL;
    END IF;
    IF was_listed AND (OLD.title, OLD.description, OLD.content) IS NOT DISTINCT FROM
        (NEW.title, NEW.description, NEW.content)
    THEN
        UPDATE notes.note_outlines SET course_id = NEW.course_id, is_public = NEW.is_public
        WHERE note_id = NEW.id AND (course_id, is_public) IS DISTINCT FROM (NEW.course_id, NEW.is_public);
        RETURN NULL;
    END IF;
    IF octet_length(NEW.content) <= {LARGE} THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('notes.search_words', NEW.creator_id));
        words_now := string_to_array(translate({SEARCHABLE.format("NEW")}, E'\\t\\n\\r\\f\\x0b', '     '), ' ');
        -- Most words are known, and none is long: one look says so.
        SELECT array_agg(known.id), bool_or(known.id IS NULL) INTO ids, is_more
        FROM (SELECT DISTINCT word FROM unnest(words_now) AS word WHERE word <> '') AS each
        LEFT JOIN notes.search_words known ON known.creator_id = NEW.creator_id AND known.word = each.word;
        IF is_more THEN
            words_now := ARRAY(SELECT notes.pieces_of(words_now));
            INSERT INTO notes.search_words (creator_id, word)
            SELECT NEW.creator_id, word FROM unnest(words_now) AS word
            WHERE NOT EXISTS (
                SELECT FROM notes.search_words known WHERE known.creator_id = NEW.creator_id AND known.word = word.word
            ) ORDER BY word ON CONFLICT DO NOTHING;
            ids := ARRAY(
                SELECT known.id FROM unnest(words_now) AS each (word)
                JOIN notes.search_words known ON known.creator_id = NEW.creator_id AND known.word = each.word
            );
        END IF;
    END IF;
    INSERT INTO notes.note_outlines (note_id, {", ".join(COLUMNS)}) VALUES ({OUTLINE.format("NEW")}, ids)
    ON CONFLICT (note_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COLUMNS)};
    RETURN NULL;
END $$
"""  # noqa: S608

# Each change is a row of its own, so that nobody waits for somebody else's sum; now and then rows become one. Those
# that another transaction has in hand stay.
SUM_UP_COUNTS = """
CREATE FUNCTION notes.sum_up_counts(author bigint) RETURNS void LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM notes.note_counts WHERE id = ANY (ARRAY(
            SELECT id FROM notes.note_counts WHERE creator_id = author FOR UPDATE SKIP LOCKED
        )) RETURNING course_id, is_public, notes
    )
    INSERT INTO notes.note_counts (creator_id, course_id, is_public, notes)
    SELECT author, course_id, is_public, sum(notes) FROM gone GROUP BY course_id, is_public HAVING sum(notes) <> 0
$$
"""

FORGET_AUTHOR = """
CREATE FUNCTION notes.forget_author() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM notes.search_words WHERE creator_id = OLD.user_id;
    DELETE FROM notes.note_counts WHERE creator_id = OLD.user_id;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Make the tables, fill them, and let triggers keep them, so that no way of writing a note can forget it."""
    op.create_table(
        "note_outlines",
        sa.Column("note_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.Column("short_text", sa.Text(), nullable=True),
        sa.Column("words", sa.ARRAY(sa.BigInteger()), nullable=True),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_note_outlines")),
        schema="notes",
    )
    op.create_table(
        "search_words",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_words")),
        schema="notes",
    )
    op.create_table(
        "note_counts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_counts")),
        schema="notes",
    )
    # The arrays lie beside the table: what a search reads of a row is its first columns.
    op.execute("ALTER TABLE notes.note_outlines SET (toast_tuple_target = 128)")
    op.execute(PIECES_OF)
    op.execute(WORDS_OF)
    _fill()
    _index()
    op.execute(SUM_UP_COUNTS)
    op.execute(KEEP_OUTLINE)
    op.execute(FORGET_AUTHOR)
    op.execute(
        "CREATE TRIGGER keep_outline AFTER INSERT OR DELETE OR UPDATE OF title, description, content, is_public, "
        "course_id, deleted_at ON notes.notes FOR EACH ROW EXECUTE FUNCTION notes.keep_outline()"
    )
    op.execute(
        "CREATE TRIGGER forget_author AFTER DELETE ON notes.authors FOR EACH ROW EXECUTE FUNCTION notes.forget_author()"
    )
    op.drop_index("ix_note_search_creator_id_searchable", "note_search", schema="notes")


def _fill() -> None:
    op.execute(
        "CREATE UNLOGGED TABLE notes.words_of_notes AS "  # noqa: S608
        f"SELECT n.id AS note_id, creator_id, notes.words_of({SEARCHABLE.format('n')}) AS word "
        f"FROM notes.notes n WHERE deleted_at IS NULL AND octet_length(content) <= {LARGE}"
    )
    op.execute("ANALYZE notes.words_of_notes")
    op.execute(
        "INSERT INTO notes.search_words (creator_id, word) SELECT DISTINCT creator_id, word FROM notes.words_of_notes"
    )
    op.execute("ANALYZE notes.search_words")
    op.execute(
        f"INSERT INTO notes.note_outlines (note_id, {', '.join(COLUMNS)}) SELECT {OUTLINE.format('n')}, held.words "  # noqa: S608
        "FROM notes.notes n LEFT JOIN (SELECT note_id, array_agg(id) AS words FROM notes.words_of_notes "
        "JOIN notes.search_words USING (creator_id, word) GROUP BY note_id) AS held ON held.note_id = n.id "
        "WHERE deleted_at IS NULL ORDER BY n.creator_id, n.id"
    )
    op.drop_table("words_of_notes", schema="notes")
    op.execute(
        "INSERT INTO notes.note_counts (creator_id, course_id, is_public, notes) "
        "SELECT creator_id, course_id, is_public, count(*) FROM notes.note_outlines GROUP BY 1, 2, 3"
    )


def _index() -> None:
    op.create_index("ix_note_counts_creator_id", "note_counts", ["creator_id"], schema="notes")
    op.create_index("ix_note_outlines_creator_id", "note_outlines", ["creator_id"], schema="notes")
    op.create_index(
        "ix_note_outlines_public", "note_outlines", ["note_id"], schema="notes", postgresql_where=sa.text("is_public")
    )
    op.create_index(
        "uq_search_words_creator_id_word", "search_words", ["creator_id", "word"], unique=True, schema="notes"
    )
    op.create_index(
        "ix_search_words_creator_id_word",
        "search_words",
        ["creator_id", "word"],
        schema="notes",
        postgresql_using="gin",
        postgresql_ops={"word": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_note_outlines_words",
        "note_outlines",
        ["words"],
        schema="notes",
        postgresql_using="gin",
        # What waits to be sorted in is read by every search; sorting in a little at a time costs each save more.
        postgresql_with={"gin_pending_list_limit": "1024"},
    )
    op.create_index(
        "ix_note_outlines_large",
        "note_outlines",
        ["creator_id"],
        schema="notes",
        postgresql_where=sa.text("words IS NULL"),
    )
