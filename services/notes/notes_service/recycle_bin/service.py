"""Emptying the recycle bin (notes §7)."""

from __future__ import annotations

from sqlalchemy import BigInteger, any_, delete, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.events.notes import NotePurged
from notes_service.events import NOTE_STATE, note_fact, tell
from notes_service.models import Note
from notes_service.notes.files import files_of


async def empty(session: AsyncSession, user_id: int) -> tuple[int, list[str]]:
    """Remove the user's binned notes and all that hangs on them: how many, and the paths of their files.

    Comments of others on them stay and lose their link.
    """
    locked = await session.execute(
        select(*NOTE_STATE)
        .where(Note.creator_id == user_id, Note.deleted_at.is_not(None))
        .order_by(Note.id)
        .with_for_update()
    )
    rows = locked.all()
    if not rows:
        return 0, []
    ids = [row.id for row in rows]
    paths = await files_of(session, ids)
    await session.execute(
        delete(Note)
        .where(Note.id == any_(literal(ids, ARRAY(BigInteger))))
        .execution_options(synchronize_session=False)
    )
    purged = [note_fact(NotePurged, row) for row in rows]
    await tell(session, *(fact.model_copy(update={"revision": fact.revision + 1}) for fact in purged))
    return len(rows), paths
