"""Notes that came to us with blocks and without a text: they get the one that their blocks render to (decision 52)."""

from __future__ import annotations

import psycopg

from notes_service.blocks.markdown import to_markdown, uncovered
from notes_service.blocks.schemas import BlockDraft
from notes_service.text.summary import excerpt, preview_lines

_BLANK = """
SELECT n.id, n.title, coalesce(n.description, '') FROM notes.notes n
WHERE n.content = '' AND EXISTS (SELECT FROM notes.note_index i WHERE i.note_id = n.id) ORDER BY n.id
"""
_BLOCKS = """
SELECT b.block_type, coalesce(b.text, ''), b.args FROM notes.note_index i JOIN notes.note_blocks b ON b.id = i.block_id
WHERE i.note_id = %s ORDER BY i.position, i.id
"""
_FILL = "UPDATE notes.notes SET content = %s, excerpt = %s, preview_lines = %s WHERE id = %s AND content = ''"


def fill_blank_texts(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    """Write these texts; the number of notes. Blocks that were made of description or title are not texts."""
    filled = 0
    for note_id, title, description in connection.execute(_BLANK).fetchall():
        rows = connection.execute(_BLOCKS, (note_id,)).fetchall()
        blocks = [BlockDraft(str(kind), str(text), None if args is None else str(args)) for kind, text, args in rows]
        content = to_markdown(blocks, str(title))
        if uncovered(content, f"# {title}\n{description}"):
            shown = excerpt(content, str(description)), preview_lines(content)
            connection.execute(_FILL, (content, *shown, note_id))
            filled += 1
    return filled
