"""How far an import is that goes on after its request, and what came of it."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel

from notechondria_shared.core.errors import NotFound
from notechondria_shared.core.timestamps import iso_z, now
from notechondria_shared.db import Reads
from notes_service.exchange import import_queries
from notes_service.exchange.outcomes import Imported
from notes_service.import_jobs import CUT_OFF, CUT_OFF_SECONDS, State
from notes_service.values import Timestamp

UNKNOWN = "Import not found: Notes.Import/lookup — there is no such import of yours."


class ImportProgress(BaseModel):
    """An import that goes on after its request."""

    id: int
    state: State
    dry_run: bool
    files: int
    files_done: int
    """Of the files that stand for notes."""
    error: str
    result: Imported | None
    """What came of it, once it is done."""
    date_created: Timestamp
    last_edit: Timestamp


async def progress_of(read: Reads, user_id: int, job_id: int) -> ImportProgress:
    """How far an own import is; 404 when there is none of that id."""
    row = await read.one(import_queries.IMPORT_JOB, user_id=user_id, job_id=job_id)
    if row is None:
        raise NotFound(UNKNOWN)
    cut_off = row.state == "running" and row.seen_at < now() - timedelta(seconds=CUT_OFF_SECONDS)
    return ImportProgress(
        id=row.id,
        state="interrupted" if cut_off else row.state,
        dry_run=row.is_dry_run,
        files=row.files,
        files_done=row.files_done,
        error=CUT_OFF.format(done=row.files_done, files=row.files) if cut_off else row.error,
        result=Imported.model_validate_json(row.outcome) if row.outcome else None,
        date_created=iso_z(row.date_created),
        last_edit=iso_z(row.last_edit),
    )
