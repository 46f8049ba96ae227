"""The recycle bin over HTTP (notes §7)."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import SessionReader
from notechondria_shared.web.answers import Json, json_of_texts
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.openapi import DETAIL
from notechondria_shared.web.route import api_router
from notes_service.callers import KnownCaller
from notes_service.dependencies import CostlyTurns, Deletions, Transactions
from notes_service.notes import detail, service
from notes_service.notes.schemas import NoteDetail
from notes_service.recycle_bin import queries, schemas
from notes_service.recycle_bin.listing import deleted_notes
from notes_service.recycle_bin.service import empty, purge_one

NOT_IN_BIN = "Note not found: Notes.RecycleBin/lookup — it does not lie in your recycle bin."
router = api_router("/api/v1/notes", tags=["recycle bin"], responses={404: DETAIL})


@router.get("/deleted/", response_model=list[schemas.DeletedNote])
async def list_deleted(request: Request, caller: KnownCaller, read: ReadSession, turns: CostlyTurns) -> Response:
    """The caller's deleted notes, newest deletion first."""
    async with turns.of(request, caller.user_id):
        return await json_of_texts(deleted_notes(request, read, caller.user_id))


@router.get("/deleted/{note_id:id}/", response_model=NoteDetail)
async def get_deleted(request: Request, caller: KnownCaller, note_id: int, read: ReadSession) -> Json:
    """A note of the caller's recycle bin with its text (notes §7); 404 when it is not there."""
    row = await read.one(queries.ONE, user_id=caller.user_id, note_id=note_id)
    if row is None:
        raise NotFound(NOT_IN_BIN)
    return Json(await detail.describe(request, read, row))


@router.post("/{note_id:id}/restore/")
async def restore_note(request: Request, caller: KnownCaller, note_id: int, db: WriteSession) -> NoteDetail:
    """Bring an own note back, private as it is; 404 when it is not in the caller's recycle bin."""
    await service.restore(db, caller.user_id, note_id)
    read = SessionReader(db)
    return await detail.describe(request, read, await detail.find(read, note_id))


@router.delete("/deleted/empty/")
async def empty_bin(caller: KnownCaller, database: Transactions, deletions: Deletions) -> schemas.Emptied:
    """Remove the caller's deleted notes for good, with their files."""
    async with database.transaction() as db:
        count, paths = await empty(db, caller.user_id)
    await deletions.delete(paths)
    return schemas.Emptied(count=count, deleted_count=count)


@router.delete("/deleted/{note_id:id}/", status_code=204)
async def purge_note(caller: KnownCaller, note_id: int, database: Transactions, deletions: Deletions) -> None:
    """Remove one note of the caller's recycle bin for good, with its files; 404 when it is not there."""
    async with database.transaction() as db:
        paths = await purge_one(db, caller.user_id, note_id)
    await deletions.delete(paths)
