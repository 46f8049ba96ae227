"""Storing and restoring earlier states of a note (notes §7)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import NoteUpdated
from notechondria_shared.auth.precondition import Precondition
from notechondria_shared.core.errors import NotFound
from notes_service.blocks.markdown import to_blocks
from notes_service.blocks.service import replace_blocks
from notes_service.events import publish
from notes_service.models import Note, NoteVersion
from notes_service.notes.access import lock_own
from notes_service.notes.schemas import UpdateNote
from notes_service.notes.service import update_note
from notes_service.versions.schemas import ExportedVersion, ReviseText

MOST_VERSIONS = 12
SAME_REASON = 5
UNKNOWN = "Version not found: Notes.Versions/lookup — this note has no such version."


async def snapshot(db: AsyncSession, user_id: int, note_id: int, reason: str, precondition: Precondition) -> int:
    """Store the present state of an own note; the version's id."""
    return await _store(db, await lock_own(db, user_id, note_id, precondition), reason)


async def revise(db: AsyncSession, user_id: int, note_id: int, body: ReviseText, precondition: Precondition) -> None:
    """Store the present state of an own note under the body's reason, and give it another text (notes §5.6): both or
    neither.

    Many small changes must not push out what somebody kept on purpose: of 12 versions it is one with the same reason
    that goes, as long as there are more than `SAME_REASON` of them.
    """
    note = await lock_own(db, user_id, note_id, precondition)
    await _make_room(db, note_id, body.stored_reason)
    await _store(db, note, body.stored_reason)
    await update_note(db, user_id, note_id, UpdateNote(content=body.content), precondition)


async def _store(db: AsyncSession, note: Note, reason: str) -> int:
    """One more version, and none beyond the newest 12; the note's lock makes the count hold."""
    version = NoteVersion(
        note_id=note.id,
        creator_id=note.creator_id,
        title=note.title,
        description=note.description,
        content=note.content,
        metadata_json=note.metadata_json,
        editor_mode=note.editor_mode,
        reason=reason,
    )
    db.add(version)
    await db.flush()
    await _keep_newest(db, note.id)
    return version.id


async def _make_room(db: AsyncSession, note_id: int, reason: str) -> None:
    """Delete the oldest version of a reason when there are 12 versions, and more than `SAME_REASON` of that reason."""
    stored = select(NoteVersion.id, NoteVersion.reason).where(NoteVersion.note_id == note_id)
    rows = (await db.execute(stored.order_by(NoteVersion.date_created.desc(), NoteVersion.id.desc()))).all()
    same = [row.id for row in rows if row.reason == reason]
    if len(rows) >= MOST_VERSIONS and len(same) > SAME_REASON:
        await db.execute(
            delete(NoteVersion).where(NoteVersion.id == same[-1]).execution_options(synchronize_session=False)
        )


async def _keep_newest(db: AsyncSession, note_id: int) -> None:
    surplus = (
        select(NoteVersion.id)
        .where(NoteVersion.note_id == note_id)
        .order_by(NoteVersion.date_created.desc(), NoteVersion.id.desc())
        .offset(MOST_VERSIONS)
    )
    await db.execute(
        delete(NoteVersion).where(NoteVersion.id.in_(surplus)).execution_options(synchronize_session=False)
    )


async def add_exported(
    db: AsyncSession, user_id: int, note_id: int, versions: AsyncIterator[ExportedVersion], precondition: Precondition
) -> None:
    """Add the versions of an export to an own note, the newest 12 of them; one at a time is in memory."""
    note = await lock_own(db, user_id, note_id, precondition)
    async for version in versions:
        row = NoteVersion(note_id=note.id, creator_id=note.creator_id, **version.model_dump())
        db.add(row)
        await db.flush()
        db.expunge(row)
    await _keep_newest(db, note.id)


async def restore(
    db: AsyncSession, user_id: int, note_id: int, version_id: int, reason: str, precondition: Precondition
) -> None:
    """Bring an own note back to a version; its present state is stored first, under `reason`. 404 unknown version."""
    note = await lock_own(db, user_id, note_id, precondition)
    # Read before the snapshot: it may be the one that the snapshot pushes out.
    version = (
        await db.execute(
            select(
                NoteVersion.title,
                NoteVersion.description,
                NoteVersion.content,
                NoteVersion.metadata_json,
                NoteVersion.editor_mode,
            ).where(NoteVersion.id == version_id, NoteVersion.note_id == note_id)
        )
    ).one_or_none()
    if version is None:
        raise NotFound(UNKNOWN)
    await _store(db, note, reason)
    note.title, note.description, note.content = version.title, version.description, version.content
    note.metadata_json, note.editor_mode = version.metadata_json, version.editor_mode
    note.save()
    await replace_blocks(db, note, to_blocks(note.content or f"# {note.title}", note.title))
    await publish(db, note.event(NoteUpdated))
