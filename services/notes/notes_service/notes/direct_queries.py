"""Statements that write a note with all that belongs to it: blocks, their positions, events (`direct`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlalchemy import bindparam, column, literal_column, text
from sqlalchemy.sql.selectable import TextualSelect

from notechondria_shared.db import Prepared, prepare
from notes_service.blocks.queries import BlockRow
from notes_service.models import Note
from notes_service.notes.queries import DetailRow
from notes_service.summaries.queries import live, summaries


@dataclass(slots=True)
class SeenRow(DetailRow):
    """A note as it stands in the table, with what shows whether it still does when it is changed."""

    revision: int
    version: str
    """Postgres' number of the transaction that wrote this state of the row (`xmin`)."""


@dataclass(slots=True)
class CreatedRow:
    """What the database knew, or chose, of a new note."""

    id: int
    username: str
    image_path: str
    course_title: str
    """As `course_slug`, null without a course."""
    course_slug: str
    block_ids: list[int]


SEEN = prepare(
    summaries(Note.content, Note.metadata_json, Note.custom_meta, Note.revision)
    .add_columns(literal_column("notes.notes.xmin::text").label("version"))
    .where(Note.id == bindparam("note_id"), *live()),
    SeenRow,
)

# An event of the note that the same statement makes: its number is put in.
_OF_NEW_NOTE = """
    e.envelope || jsonb_build_object(
        'subject', 'notes/' || note.id, 'data', e.envelope -> 'data' || jsonb_build_object('note_id', note.id)
    )
"""
_BLOCKS = """
blocks AS (
    INSERT INTO notes.note_blocks
        (creator_id, note_id, block_type, text, args, is_ai_generated, image, file, date_created, last_edit)
    SELECT CAST(:creator_id AS bigint), note.id, block_type, text, args, is_ai_generated, '', '',
        CAST(:at AS timestamptz), CAST(:at AS timestamptz)
    FROM note, unnest(
        CAST(:types AS text[]), CAST(:texts AS text[]), CAST(:args AS text[]), CAST(:by_ai AS bool[])
    ) WITH ORDINALITY AS draft (block_type, text, args, is_ai_generated, number)
    ORDER BY number
    RETURNING id, block_type, text, args, is_ai_generated, image, date_created, last_edit
), positions AS (
    INSERT INTO notes.note_index (note_id, block_id, position)
    SELECT note.id, blocks.id, row_number() OVER (ORDER BY blocks.id) - 1 FROM note, blocks
)"""


def _events(envelope: str) -> str:
    return f"""
events AS (
    INSERT INTO notes.outbox (event_id, subject, envelope)
    SELECT CAST(e.envelope ->> 'id' AS uuid), e.envelope ->> 'type', {envelope}
    FROM note, jsonb_array_elements(CAST(:events AS jsonb)) WITH ORDINALITY AS e (envelope, number)
    ORDER BY number
)"""  # noqa: S608 - of parts of ours


_TYPES = {
    "uuid": "uuid", "sharing_id": "text", "title": "text", "description": "text", "is_public": "bool",
    "content": "text", "excerpt": "text", "preview_lines": "text[]", "metadata_json": "text", "custom_meta": "text",
    "client_draft_id": "text", "note_type": "text", "editor_mode": "text",
}  # fmt: skip
"""Columns that a request may fill, and what their parameters are sent as."""


def _value(name: str) -> str:
    return f"CAST(:{name} AS {_TYPES[name]})"


def _returning(sql: str, *columns: str) -> TextualSelect:
    return text(sql).columns(*(column(name) for name in columns))


# Author before course, as everywhere: the course is looked for once the author's row is locked.
CREATE = prepare(
    _returning(
        f"""
WITH author AS MATERIALIZED (
    SELECT user_id, username, image_path FROM notes.authors WHERE user_id = CAST(:creator_id AS bigint) FOR KEY SHARE
), course AS MATERIALIZED (
    SELECT c.id, c.title, c.slug FROM author, notes.courses c WHERE c.id = CAST(:course_id AS bigint) FOR KEY SHARE OF c
), note AS (
    INSERT INTO notes.notes
        (creator_id, course_id, cover_image, cover_size, revision, date_created, last_edit, {", ".join(_TYPES)})
    SELECT user_id, CAST(:course_id AS bigint), '', 0, 1, CAST(:at AS timestamptz), CAST(:at AS timestamptz),
        {", ".join(_value(name) for name in _TYPES)}
    FROM author WHERE CAST(:course_id AS bigint) IS NULL OR EXISTS (SELECT FROM course)
    ON CONFLICT (creator_id, client_draft_id) WHERE client_draft_id IS NOT NULL DO NOTHING
    RETURNING id
), {_BLOCKS}, {_events(_OF_NEW_NOTE)}
SELECT note.id, author.username, author.image_path, course.title AS course_title, course.slug AS course_slug,
    ARRAY(SELECT blocks.id FROM blocks ORDER BY blocks.id) AS block_ids
FROM note CROSS JOIN author LEFT JOIN course ON true
""",  # noqa: S608 - names of ours
        "id", "username", "image_path", "course_title", "course_slug", "block_ids",
    ),
    CreatedRow,
)  # fmt: skip
"""A new note; no row, and nothing written, when author or course is gone or the draft id in use."""


@cache
def changing(columns: frozenset[str], *, new_blocks: bool, published: bool) -> Prepared[BlockRow]:
    """Give a note other values of `columns`, and other blocks where it says so: the blocks that it has then.

    The revision grows with an event, and only then.

    A note without blocks is one row of nothing. No row, and nothing written, unless the note is as it was seen
    (`SEEN`): a change in between is waited for, and shows by the version.
    """
    values = ", ".join(
        ["last_edit = CAST(:at AS timestamptz)", *(f"{name} = {_value(name)}" for name in sorted(columns))]
    )
    changed = f"""
WITH note AS (
    UPDATE notes.notes SET {values}{", revision = revision + 1" if published else ""}
    WHERE id = CAST(:note_id AS bigint) AND xmin = CAST(CAST(:version AS text) AS xid)
    AND creator_id = CAST(:creator_id AS bigint) AND deleted_at IS NULL
    RETURNING id
){", " + _events("e.envelope") if published else ""}"""  # noqa: S608 - names of ours
    if not new_blocks:
        return _blocks_after(f"""{changed}
SELECT {_block_columns("b")} FROM note LEFT JOIN (
    SELECT i.note_id, i.position, i.id AS entry, {_block_columns("b")}
    FROM notes.note_index i JOIN notes.note_blocks b ON b.id = i.block_id WHERE i.note_id = CAST(:note_id AS bigint)
) b ON b.note_id = note.id ORDER BY b.position, b.entry""")  # noqa: S608
    # Two entries of a position are no matter until the commit: the constraint is deferred.
    return _blocks_after(f"""{changed}, old_positions AS (
    DELETE FROM notes.note_index i USING note WHERE i.note_id = note.id
), old_blocks AS (
    DELETE FROM notes.note_blocks b USING note WHERE b.note_id = note.id
), {_BLOCKS}
SELECT {_block_columns("b")} FROM note LEFT JOIN blocks b ON true ORDER BY b.id""")  # noqa: S608


def _block_columns(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in BlockRow.__slots__)


def _blocks_after(sql: str) -> Prepared[BlockRow]:
    return prepare(_returning(sql, *BlockRow.__slots__), BlockRow)
