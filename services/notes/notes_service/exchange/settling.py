"""Links of imported notes to what came after them in the import: to other notes, and to the files of those."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import NoteUpdated
from notechondria_shared.db import Database
from notes_service.events import publish
from notes_service.exchange.moves import Moves
from notes_service.exchange.reading import draft_id_of
from notes_service.models import Note, NoteBlock, NoteVersion

_OF_NOTE = {"description": 600, "content": None, "metadata_json": None, "custom_meta": None}
"""Columns with links, and how long their texts may be."""
_OF_BLOCK = {"text": None, "args": 256}
_OF_VERSION = {"description": 600, "content": None, "metadata_json": None}


async def settle(database: Database, user_id: int, note_id: int, moves: Moves) -> None:
    """Lead the links of an own note, of its blocks and versions to where the targets are; its dates stay."""
    async with database.transaction() as db:
        note = await db.scalar(select(Note).where(Note.id == note_id, Note.creator_id == user_id).with_for_update())
        if note is None:
            return  # purged meanwhile
        edited = note.last_edit
        if _lead(note, _OF_NOTE, moves):
            note.save()
            note.last_edit = edited
            await publish(db, note.event(NoteUpdated))
        for block in await db.scalars(select(NoteBlock).where(NoteBlock.note_id == note_id)):
            _lead(block, _OF_BLOCK, moves)
        for version_id in (await db.scalars(select(NoteVersion.id).where(NoteVersion.note_id == note_id))).all():
            await _lead_version(db, version_id, moves)


async def join_comment(database: Database, user_id: int, note_id: int, about: UUID) -> bool:
    """Join an own comment to the note that it is about, which came after it or lies in the recycle bin.

    False when that note is not here.
    """
    known = or_(Note.client_draft_id == draft_id_of(about), Note.uuid == about)
    async with database.transaction() as db:
        source = await db.scalar(select(Note.id).where(Note.creator_id == user_id, known).limit(1))
        if source is not None:
            mine = (Note.id == note_id, Note.creator_id == user_id)
            await db.execute(
                update(Note).where(*mine).values(source_note_id=source).execution_options(synchronize_session=False)
            )
    return source is not None


async def _lead_version(db: AsyncSession, version_id: int, moves: Moves) -> None:
    version = await db.get_one(NoteVersion, version_id)
    _lead(version, _OF_VERSION, moves)
    await db.flush()
    db.expunge(version)


def _lead(row: Note | NoteBlock | NoteVersion, columns: dict[str, int | None], moves: Moves) -> bool:
    """Rewrite the texts of a row where the result fits; whether one changed."""
    changed = False
    for name, longest in columns.items():
        text: str | None = getattr(row, name)
        led = moves.rewritten(text) if text else text
        if led and led != text and (longest is None or len(led) <= longest):
            setattr(row, name, led)
            changed = True
    return changed
