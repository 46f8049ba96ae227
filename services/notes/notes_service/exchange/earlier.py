"""What the files of an import point to that an earlier import brought: another course of the same account, say."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath
from uuid import UUID

from notechondria_shared.db import Reader
from notes_service.exchange import import_queries
from notes_service.exchange.moves import Moves
from notes_service.exchange.reading import draft_id_of
from notes_service.media.names import safe_name

MOST = 1000
"""Notes that one text may point to and that are looked up."""


async def learn(read: Reader, user_id: int, moves: Moves, text: str) -> dict[str, str]:
    """Note the new uuids of notes that a text points to; the stored paths of their files by the paths it says."""
    unknown = moves.unknown(text)
    by_note: defaultdict[UUID, list[str]] = defaultdict(list)
    for path in unknown.files:
        by_note[path.note].append(path.path)
    uuids = [*dict.fromkeys([*unknown.notes, *by_note])][:MOST]
    if not uuids:
        return {}
    drafts = {draft_id_of(uuid): uuid for uuid in uuids}
    files: dict[str, str] = {}
    for row in await read.all(import_queries.BY_DRAFT, user_id=user_id, draft_ids=list(drafts)):
        old = drafts[row.client_draft_id]
        moves.notes[old] = row.uuid
        if by_note[old]:
            attached = await read.all(import_queries.ATTACHED, note_id=row.id)
            here = {PurePosixPath(one.file).name: one.file for one in attached}
            here |= {safe_name(one.original_filename): one.file for one in reversed(attached)}
            files |= {path: here[name] for path in by_note[old] if (name := PurePosixPath(path).name) in here}
    return files
