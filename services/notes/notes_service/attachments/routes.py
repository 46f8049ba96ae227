"""Attachments over HTTP (notes §8), by the note's id and by its uuid."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request

from notechondria_shared.auth import Caller
from notechondria_shared.core.errors import BadRequest, NotFound, UnsupportedMediaType
from notechondria_shared.db import Reads
from notechondria_shared.web.body import describe_body
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.openapi import DETAIL
from notechondria_shared.web.route import api_router
from notechondria_shared.web.upload import is_multipart, read_form
from notes_service.attachments import queries, service
from notes_service.attachments.schemas import AttachmentObject
from notes_service.callers import KnownCaller
from notes_service.dependencies import State
from notes_service.media.names import safe_name
from notes_service.media.uploads import cleaned, pieces, placed, staged
from notes_service.notes import queries as note_queries
from notes_service.notes.access import UNKNOWN, OwnNote, OwnNoteOfUuid, check_read
from notes_service.state import NotesState

router = api_router("/api/v1/notes", tags=["attachments"], responses={403: DETAIL, 404: DETAIL})
UPLOAD = [describe_body(files=("file",))]


@router.get("/{note_id:id}/attachments/")
async def list_attachments(
    request: Request, caller: KnownCaller, note_id: int, read: ReadSession
) -> list[AttachmentObject]:
    """The files of an own or public note, newest first."""
    return await _list(request, caller, read, await read.one(note_queries.ACCESS, note_id=note_id))


@router.post("/{note_id:id}/attachments/", status_code=201, dependencies=UPLOAD)
async def add_attachment(
    request: Request, state: State, caller: KnownCaller, note_id: OwnNote, read: ReadSession
) -> AttachmentObject:
    """Give an own note a file, the part `file`, of at most 20 MiB."""
    return await _add(request, state, caller, note_id, read)


@router.delete("/{note_id:id}/attachments/{attachment_id:id}/", status_code=204)
async def remove_attachment(state: State, caller: KnownCaller, note_id: OwnNote, attachment_id: int) -> None:
    """Remove a file of an own note; 404 for one of another note."""
    await _remove(state, caller, note_id, attachment_id)


@router.get("/uuid/{note_uuid:uuid}/attachments/")
async def list_attachments_by_uuid(
    request: Request, caller: KnownCaller, note_uuid: UUID, read: ReadSession
) -> list[AttachmentObject]:
    """As by the note's id."""
    return await _list(request, caller, read, await read.one(note_queries.ACCESS_BY_UUID, note_uuid=note_uuid))


@router.post("/uuid/{note_uuid:uuid}/attachments/", status_code=201, dependencies=UPLOAD)
async def add_attachment_by_uuid(
    request: Request, state: State, caller: KnownCaller, note_id: OwnNoteOfUuid, read: ReadSession
) -> AttachmentObject:
    """As by the note's id."""
    return await _add(request, state, caller, note_id, read)


@router.delete("/uuid/{note_uuid:uuid}/attachments/{attachment_id:id}/", status_code=204)
async def remove_attachment_by_uuid(
    state: State, caller: KnownCaller, note_id: OwnNoteOfUuid, attachment_id: int
) -> None:
    """As by the note's id."""
    await _remove(state, caller, note_id, attachment_id)


async def _list(
    request: Request, caller: Caller, read: Reads, note: note_queries.AccessRow | None
) -> list[AttachmentObject]:
    if note is None:
        raise NotFound(UNKNOWN)
    check_read(note.creator_id, note.is_public, caller.user_id)
    return [AttachmentObject.of(request, row) for row in await read.all(queries.OF_NOTE, note_id=note.id)]


async def _add(request: Request, state: NotesState, caller: Caller, note_id: int, read: Reads) -> AttachmentObject:
    if not is_multipart(request):
        raise _not_multipart(request)
    async with read_form(request, too_large=BadRequest(service.TOO_LARGE), limit=service.LIMIT) as form:
        upload = await cleaned(service.checked(form.files.get("file")))
        note = await read.one(note_queries.FOLDER, note_id=note_id)
        if note is None:
            raise NotFound(UNKNOWN)
        folder, name = service.folder_of(note.creator_id, note.uuid), safe_name(upload.filename or "")
        async with (
            staged(state.media, pieces(upload)) as staged_path,
            placed(state.database, state.media, staged_path, folder, name) as path,
            state.database.transaction() as db,
        ):
            attachment_id = await service.attach(
                db,
                caller.user_id,
                note_id,
                upload,
                path,
                caller.precondition,
                limit_mib=state.settings.user_storage_mib,
            )
    row = await read.one(queries.ONE, attachment_id=attachment_id)
    if row is None:
        raise NotFound(service.UNKNOWN)
    return AttachmentObject.of(request, row)


def _not_multipart(request: Request) -> BadRequest | UnsupportedMediaType:
    """A form or JSON body has no file in it; any other type is not supported (notes §1)."""
    content_type = request.headers.get("content-type", "")
    known = content_type.partition(";")[0].strip().lower()
    if known in {"", "application/json", "application/x-www-form-urlencoded"}:
        return BadRequest(service.MISSING)
    return UnsupportedMediaType(content_type[:120])


async def _remove(state: NotesState, caller: Caller, note_id: int, attachment_id: int) -> None:
    async with state.database.transaction() as db:
        path = await service.detach(db, caller.user_id, note_id, attachment_id, caller.precondition)
    await state.file_deletions.delete([path])
