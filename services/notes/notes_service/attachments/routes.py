"""Attachments over HTTP (notes §8), by the note's id and by its uuid."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request

from notechondria_shared.auth import Caller
from notechondria_shared.core.errors import BadRequest, NotFound, UnsupportedMediaType
from notechondria_shared.db import Database
from notechondria_shared.db.tables import Row
from notechondria_shared.storage.media import MediaStore
from notechondria_shared.web.answers import Json
from notechondria_shared.web.body import describe_body
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.openapi import DETAIL
from notechondria_shared.web.upload import is_multipart, read_form
from notes_service.attachments import queries, schemas, service
from notes_service.authors.contact import KnownCaller
from notes_service.media.names import safe_name
from notes_service.media.uploads import pieces, placed, staged
from notes_service.notes import queries as note_queries
from notes_service.notes.access import UNKNOWN, OwnNote, OwnNoteOfUuid, check_read

router = APIRouter(prefix="/api/v1/notes", tags=["attachments"], responses={403: DETAIL, 404: DETAIL})
UPLOAD = [describe_body(files=("file",))]


@router.get("/{note_id:id}/attachments/", response_model=list[schemas.AttachmentObject])
async def list_attachments(request: Request, caller: KnownCaller, note_id: int, read: ReadSession) -> Json:
    """The files of an own or public note, newest first."""
    return await _listed(request, caller, read, await read.one(note_queries.ACCESS, note_id=note_id))


@router.post(
    "/{note_id:id}/attachments/", response_model=schemas.AttachmentObject, status_code=201, dependencies=UPLOAD
)
async def add_attachment(request: Request, caller: KnownCaller, note_id: OwnNote, read: ReadSession) -> Json:
    """Give an own note a file, the part `file`, of at most 20 MiB."""
    return await _add(request, caller, note_id, read)


@router.delete("/{note_id:id}/attachments/{attachment_id:id}/", status_code=204)
async def remove_attachment(request: Request, caller: KnownCaller, note_id: OwnNote, attachment_id: int) -> None:
    """Remove a file of an own note; 404 for one of another note."""
    await _remove(request, caller, note_id, attachment_id)


@router.get("/uuid/{note_uuid:uuid}/attachments/", response_model=list[schemas.AttachmentObject])
async def list_attachments_by_uuid(request: Request, caller: KnownCaller, note_uuid: UUID, read: ReadSession) -> Json:
    """As by the note's id."""
    return await _listed(request, caller, read, await read.one(note_queries.ACCESS_BY_UUID, note_uuid=note_uuid))


@router.post(
    "/uuid/{note_uuid:uuid}/attachments/",
    response_model=schemas.AttachmentObject,
    status_code=201,
    dependencies=UPLOAD,
)
async def add_attachment_by_uuid(
    request: Request, caller: KnownCaller, note_id: OwnNoteOfUuid, read: ReadSession
) -> Json:
    """As by the note's id."""
    return await _add(request, caller, note_id, read)


@router.delete("/uuid/{note_uuid:uuid}/attachments/{attachment_id:id}/", status_code=204)
async def remove_attachment_by_uuid(
    request: Request, caller: KnownCaller, note_id: OwnNoteOfUuid, attachment_id: int
) -> None:
    """As by the note's id."""
    await _remove(request, caller, note_id, attachment_id)


async def _listed(request: Request, caller: Caller, read: ReadSession, note: Row | None) -> Json:
    if note is None:
        raise NotFound(UNKNOWN)
    check_read(note["creator_id"], note["is_public"], caller.user_id)
    rows = await read.all(queries.OF_NOTE, note_id=note["id"])
    return Json([schemas.attachment_object(request, row) for row in rows])


async def _add(request: Request, caller: Caller, note_id: int, read: ReadSession) -> Json:
    if not is_multipart(request):
        raise _not_multipart(request)
    media: MediaStore = request.app.state.media
    database: Database = request.app.state.database
    async with read_form(request, too_large=BadRequest(service.TOO_LARGE), limit=service.LIMIT) as form:
        upload = service.checked(form.files.get("file"))
        note = await read.one(note_queries.FOLDER, note_id=note_id)
        if note is None:
            raise NotFound(UNKNOWN)
        folder, name = service.folder_of(note["creator_id"], note["uuid"]), safe_name(upload.filename or "")
        async with (
            staged(media, pieces(upload)) as lies,
            placed(database, media, lies, folder, name) as path,
            database.transaction() as db,
        ):
            attachment_id = await service.attach(db, caller.user_id, note_id, upload, path)
    row = await read.one(queries.ONE, attachment_id=attachment_id)
    if row is None:
        raise NotFound(service.UNKNOWN)
    return Json(schemas.attachment_object(request, row), status_code=201)


def _not_multipart(request: Request) -> BadRequest | UnsupportedMediaType:
    """A form or JSON body has no file in it; what is neither is not known at all (notes §1)."""
    content_type = request.headers.get("content-type", "")
    known = content_type.partition(";")[0].strip().lower()
    if known in {"", "application/json", "application/x-www-form-urlencoded"}:
        return BadRequest(service.MISSING)
    return UnsupportedMediaType(content_type[:120])


async def _remove(request: Request, caller: Caller, note_id: int, attachment_id: int) -> None:
    database: Database = request.app.state.database
    async with database.transaction() as db:
        path = await service.detach(db, caller.user_id, note_id, attachment_id)
    await request.app.state.file_deletions.delete([path])
