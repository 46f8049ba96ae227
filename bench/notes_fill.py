"""Many notes at once, as fast as Postgres takes them: text from a pool of paragraphs, indexes built afterwards."""

from __future__ import annotations

import psycopg

from notechondria_launcher.stack import Stack

VOCABULARY, PARAGRAPHS = 4000, 20_000
BATCH = 100_000
MANY = 50_000

# Paragraphs of 90 words (about 680 characters), drawn from a vocabulary, frequent words more often.
POOL = """
CREATE TEMPORARY TABLE paragraphs AS
WITH vocabulary AS (
    SELECT array_agg(substr(translate(md5(n::text), '0123456789', 'aeioulnrst'), 1, 3 + n %% 7)) AS words
    FROM generate_series(1, %(vocabulary)s) n
)
SELECT n AS id, words[1 + (random() * %(vocabulary)s)::int %% %(vocabulary)s] AS rare,
    words[1 + (random() ^ 2 * %(vocabulary)s)::int %% %(vocabulary)s] AS frequent, text
FROM vocabulary, generate_series(0, %(paragraphs)s - 1) n, LATERAL (
    SELECT string_agg(word, ' ') AS text FROM (
        SELECT words[1 + (random() ^ 2 * %(vocabulary)s)::int %% %(vocabulary)s] AS word
        FROM generate_series(1, 90) WHERE n >= 0
    ) AS drawn
) AS body
"""

# A note of three paragraphs: about 2 KB.
NOTES = """
INSERT INTO notes.notes (creator_id, uuid, sharing_id, title, description, is_public, content, excerpt, preview_lines,
    metadata_json, custom_meta, note_type, editor_mode, cover_image, revision, date_created, last_edit)
SELECT %(user)s, gen_random_uuid(), gen_random_uuid()::text, initcap(a.rare) || ' ' || initcap(b.frequent) || ' ' || n,
    'About ' || c.rare, %(public)s, a.text || ' ' || b.text || ' ' || c.text, left(a.text, 220),
    ARRAY[left(a.text, 220)], '', '', 'N', 'G', '', 1, now(), now() - n * interval '1 minute'
FROM (
    SELECT n, (random() * 1e9)::int %% %(paragraphs)s AS x, (random() * 1e9)::int %% %(paragraphs)s AS y,
        (random() * 1e9)::int %% %(paragraphs)s AS z
    FROM generate_series(%(first)s::bigint, %(last)s) n
) AS drawn JOIN paragraphs a ON a.id = x JOIN paragraphs b ON b.id = y JOIN paragraphs c ON c.id = z
"""

# What the trigger on notes writes, for all rows that have none yet.
SEARCHABLE = """
INSERT INTO notes.note_search (note_id, creator_id, searchable, is_public)
SELECT id, creator_id, lower(title || ' ' || coalesce(description, '') || ' ' || content),
    is_public AND deleted_at IS NULL
FROM notes.notes n WHERE creator_id = %(user)s
AND NOT EXISTS (SELECT FROM notes.note_search s WHERE s.note_id = n.id)
"""

WORDS = """
CREATE TEMPORARY TABLE words_of_notes AS SELECT note_id, notes.words_of(searchable) AS word
FROM notes.note_search s WHERE creator_id = %(user)s
AND NOT EXISTS (SELECT FROM notes.note_outlines known WHERE known.note_id = s.note_id)
"""
USED_WORDS = """
INSERT INTO notes.search_words (creator_id, word) SELECT DISTINCT %(user)s::bigint, word FROM words_of_notes
ON CONFLICT DO NOTHING
"""
OUTLINES = """
INSERT INTO notes.note_outlines (
    note_id, creator_id, course_id, is_public, title, description, octets, short_text, words
)
SELECT id, creator_id, course_id, is_public, title, coalesce(description, ''), octet_length(content),
    CASE WHEN octet_length(content) <= 512 THEN content END, words
FROM notes.notes n JOIN (
    SELECT note_id, array_agg(id) AS words FROM words_of_notes JOIN notes.search_words USING (word)
    WHERE creator_id = %(user)s GROUP BY note_id
) AS held ON note_id = id
WHERE deleted_at IS NULL ORDER BY id
"""

COUNTS = """
INSERT INTO notes.note_counts (creator_id, course_id, is_public, notes)
SELECT o.creator_id, o.course_id, o.is_public, count(*) FROM notes.note_outlines o
WHERE o.creator_id = %(user)s GROUP BY 1, 2, 3
"""
NO_COUNTS = "DELETE FROM notes.note_counts WHERE creator_id = %(user)s"

INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'notes' "
    "AND tablename IN ('note_search', 'note_outlines', 'search_words') AND indexdef LIKE '%USING gin%'"
)
KEEPERS = ("keep_searchable", "keep_outline")
"""Triggers that write what is written here for all rows at once."""


def fill(stack: Stack, user_id: int, count: int, *, public: bool = False) -> None:
    """Give a user that many notes."""
    with psycopg.connect(stack.admin_database_url, autocommit=True) as database:
        database.execute("SET maintenance_work_mem = '1GB'")
        database.execute("SET synchronous_commit = off")
        pool = {"vocabulary": VOCABULARY, "paragraphs": PARAGRAPHS}
        database.execute(POOL, pool)
        database.execute("ALTER TABLE paragraphs ADD PRIMARY KEY (id)")
        database.execute("ANALYZE paragraphs")
        # Rebuilding them costs as much as there is by then: only what is many is worth it.
        indexes = database.execute(INDEXES).fetchall() if count >= MANY else []
        for name in KEEPERS:
            database.execute(f"ALTER TABLE notes.notes DISABLE TRIGGER {name}")
        for name, _ in indexes:
            database.execute(f"DROP INDEX notes.{name}")  # a name from the catalogue
        for first in range(1, count + 1, BATCH):
            values = {"user": user_id, "public": public, "first": first, "last": min(count, first + BATCH - 1)}
            database.execute(NOTES, {**values, **pool})
        for statement in (SEARCHABLE, WORDS, "ANALYZE words_of_notes", USED_WORDS, OUTLINES, NO_COUNTS, COUNTS):
            database.execute(statement, {"user": user_id} if "%" in statement else None)
        for _, definition in indexes:
            database.execute(definition)
        for name in KEEPERS:
            database.execute(f"ALTER TABLE notes.notes ENABLE TRIGGER {name}")
        for table in ("notes", "note_search", "note_outlines", "search_words"):
            database.execute(f"VACUUM ANALYZE notes.{table}")
