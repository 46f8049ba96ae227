"""The words of a note are indexed after its transaction, many notes at a time; outlines in the order of their notes.

A save leaves the outline of its note without words, and a search reads the text of such a note itself. What indexes
words (`notes.index_words`) runs every second or two: a note that is saved ten times meanwhile is indexed once.
"""

from __future__ import annotations

from alembic import op

revision = "0015_words_later"
down_revision = "0014_reads"

SHORT, LARGE = 512, 262_144
"""Bytes, as 0014 has them."""
COLUMNS = ("creator_id", "course_id", "is_public", "title", "description", "octets", "short_text", "words")

KEEP_OUTLINE = f"""
CREATE OR REPLACE FUNCTION notes.keep_outline() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
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
    ELSIF was_listed AND (OLD.title, OLD.description, OLD.content) IS NOT DISTINCT FROM
        (NEW.title, NEW.description, NEW.content)
    THEN
        UPDATE notes.note_outlines SET course_id = NEW.course_id, is_public = NEW.is_public
        WHERE note_id = NEW.id AND (course_id, is_public) IS DISTINCT FROM (NEW.course_id, NEW.is_public);
    ELSE
        INSERT INTO notes.note_outlines (note_id, {", ".join(COLUMNS)}) VALUES (
            NEW.id, NEW.creator_id, NEW.course_id, NEW.is_public, NEW.title, coalesce(NEW.description, ''),
            octet_length(NEW.content), CASE WHEN octet_length(NEW.content) <= {SHORT} THEN NEW.content END, NULL
        ) ON CONFLICT (note_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COLUMNS)};
    END IF;
    RETURN NULL;
END $$
"""  # noqa: S608

# Whoever imported thousands of notes keeps nobody else waiting: all who wait have a share of each batch. Their ids are
# looked up one by one in the index, whatever each has waiting.
WAITING = f"""
    WITH RECURSIVE waiting AS (
        (SELECT creator_id FROM notes.note_outlines WHERE words IS NULL AND octets <= {LARGE}
        ORDER BY creator_id LIMIT 1)
        UNION ALL
        SELECT (
            SELECT creator_id FROM notes.note_outlines
            WHERE words IS NULL AND octets <= {LARGE} AND creator_id > waiting.creator_id ORDER BY creator_id LIMIT 1
        ) FROM waiting WHERE creator_id IS NOT NULL
    ) SELECT creator_id FROM waiting LIMIT most
"""  # noqa: S608

# What stands in `which` is locked, so that no save changes it before the words of its text are kept; the text is read
# by a later statement than the lock, as it is then. Authors before notes, as writers lock them, and none that somebody
# deletes. Whoever removes unused words waits for the other lock: a word that was just looked up stays. Joins go by the
# index: there are millions of words, and a batch has some thousands.
HELD = """
    SELECT s.note_id, coalesce(array_agg(known.id) FILTER (WHERE known.id IS NOT NULL), '{}') AS ids
    FROM notes.note_search s
    LEFT JOIN LATERAL notes.words_of(s.searchable) AS each (word) ON true
    LEFT JOIN notes.search_words known ON known.creator_id = s.creator_id AND known.word = each.word
    WHERE s.note_id = ANY (which) GROUP BY s.note_id
"""
INDEX_WORDS = f"""
CREATE FUNCTION notes.index_words(most integer) RETURNS integer LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    people bigint[];
    which bigint[];
    known_only integer;
BEGIN
    people := ARRAY(
        SELECT user_id FROM notes.authors WHERE user_id IN ({WAITING}) ORDER BY user_id FOR KEY SHARE SKIP LOCKED
    );
    IF people = '{{}}' THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('notes.search_words', person))
    FROM unnest(people) AS person;
    which := ARRAY(
        SELECT note.note_id FROM unnest(people) AS person CROSS JOIN LATERAL (
            SELECT note_id FROM notes.note_outlines
            WHERE words IS NULL AND octets <= {LARGE} AND creator_id = person
            ORDER BY note_id LIMIT greatest(1, most / cardinality(people)) FOR UPDATE SKIP LOCKED
        ) AS note
    );
    IF which = '{{}}' THEN
        RETURN 0;
    END IF;
    -- Most texts have only words that the person has used before.
    UPDATE notes.note_outlines o SET words = held.ids
    FROM ({HELD} HAVING every(known.id IS NOT NULL OR each.word IS NULL)) AS held WHERE o.note_id = held.note_id;
    GET DIAGNOSTICS known_only = ROW_COUNT;
    IF known_only < cardinality(which) THEN
        which := ARRAY(SELECT note_id FROM notes.note_outlines WHERE note_id = ANY (which) AND words IS NULL);
        INSERT INTO notes.search_words (creator_id, word)
        SELECT DISTINCT s.creator_id, each.word FROM notes.note_search s, notes.words_of(s.searchable) AS each (word)
        WHERE s.note_id = ANY (which) AND NOT EXISTS (
            SELECT FROM notes.search_words known WHERE known.creator_id = s.creator_id AND known.word = each.word
        ) ORDER BY 1, 2 ON CONFLICT DO NOTHING;
        UPDATE notes.note_outlines o SET words = held.ids FROM ({HELD}) AS held WHERE o.note_id = held.note_id;
        RETURN known_only + cardinality(which);
    END IF;
    RETURN known_only;
END $$
"""  # noqa: S608


def upgrade() -> None:
    """The trigger without words, what indexes them, and an index that has outlines in the order of their notes."""
    op.execute(KEEP_OUTLINE)
    op.execute(INDEX_WORDS)
    for name, where in (("ix_note_outlines_creator_id", ""), ("ix_note_outlines_large", " WHERE words IS NULL")):
        op.execute(f"DROP INDEX notes.{name}")
        op.execute(f"CREATE INDEX {name}_note_id ON notes.note_outlines (creator_id, note_id){where}")
