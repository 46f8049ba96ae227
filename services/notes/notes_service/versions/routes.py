"""Versions over HTTP (notes §7)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import SessionReader
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.openapi import DETAIL
from notechondria_shared.web.route import api_router
from notes_service.callers import KnownCaller
from notes_service.notes import detail
from notes_service.notes.access import OwnNote
from notes_service.notes.schemas import NoteDetail
from notes_service.versions import queries, schemas, service

router = api_router("/api/v1/notes/{note_id:id}", tags=["versions"], responses={403: DETAIL, 404: DETAIL})


async def require_version(note_id: OwnNote, version_id: int, read: ReadSession) -> int:
    """The id of a version of an own note; 404 comes before the body is checked."""
    if await read.one(queries.ONE, version_id=version_id, note_id=note_id) is None:
        raise NotFound(service.UNKNOWN)
    return version_id


KnownVersion = Annotated[int, Depends(require_version)]


@router.get("/history/")
async def list_versions(caller: KnownCaller, note_id: OwnNote, read: ReadSession) -> list[schemas.VersionObject]:
    """The versions of an own note, at most 12, newest first."""
    return [schemas.VersionObject.of(row) for row in await read.all(queries.OF_NOTE, note_id=note_id)]


@router.post("/snapshot/", status_code=201)
async def take_snapshot(
    caller: KnownCaller,
    note_id: OwnNote,
    body: schemas.TakeSnapshot,
    db: WriteSession,
) -> schemas.VersionObject:
    """Store the present state of an own note; only the 12 newest versions stay."""
    version_id = await service.snapshot(db, caller.user_id, note_id, body.stored_reason, caller.precondition)
    row = await SessionReader(db).one(queries.ONE, version_id=version_id, note_id=note_id)
    if row is None:
        raise NotFound(service.UNKNOWN)
    return schemas.VersionObject.of(row)


@router.post("/restore/{version_id:id}/")
async def restore_version(
    request: Request,
    caller: KnownCaller,
    note_id: OwnNote,
    version_id: KnownVersion,
    body: schemas.RestoreVersion,
    db: WriteSession,
) -> NoteDetail:
    """Bring an own note back to a version (notes §7); 404 for a version of another note, before the body is checked."""
    await service.restore(db, caller.user_id, note_id, version_id, body.stored_reason, caller.precondition)
    read = SessionReader(db)
    return await detail.describe(request, read, await detail.find(read, note_id))


@router.post("/revise/")
async def revise_text(
    request: Request, caller: KnownCaller, note_id: OwnNote, body: schemas.ReviseText, db: WriteSession
) -> NoteDetail:
    """Replace the text of an own note and keep the one of before as a version, in one step (notes §7)."""
    await service.revise(db, caller.user_id, note_id, body, caller.precondition)
    read = SessionReader(db)
    return await detail.describe(request, read, await detail.find(read, note_id))
