"""Covers over HTTP (notes §8)."""

from __future__ import annotations

from fastapi import Request

from notechondria_shared.core.errors import BadRequest, NotFound
from notechondria_shared.db import Reads
from notechondria_shared.web.body import describe_body
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.openapi import DETAIL
from notechondria_shared.web.route import api_router
from notechondria_shared.web.upload import is_multipart, read_form
from notes_service.callers import KnownCaller
from notes_service.covers import service
from notes_service.dependencies import State
from notes_service.media.uploads import pieces, placed, staged
from notes_service.notes import queries
from notes_service.notes.access import UNKNOWN, OwnNote
from notes_service.summaries.schemas import NoteSummary, note_summary

router = api_router("/api/v1/notes", tags=["covers"], responses={403: DETAIL, 404: DETAIL})


@router.post("/{note_id:id}/cover/", dependencies=[describe_body(files=("cover",))])
async def set_cover(
    request: Request, state: State, caller: KnownCaller, note_id: OwnNote, read: ReadSession
) -> NoteSummary:
    """Give an own note a cover, the part `cover`: a picture of at most 5 MiB. The note's summary back."""
    if not is_multipart(request):
        raise BadRequest(service.MISSING)
    async with read_form(request, too_large=BadRequest(service.TOO_LARGE), limit=service.LIMIT) as form:
        upload, name = await service.checked(form.files.get("cover"))
        async with (
            staged(state.media, pieces(upload)) as staged_path,
            placed(state.database, state.media, staged_path, service.FOLDER, name) as path,
            state.database.transaction() as db,
        ):
            old = await service.replace(
                db,
                caller.user_id,
                note_id,
                path,
                caller.precondition,
                size=upload.size or 0,
                limit_mib=state.settings.user_storage_mib,
            )
    await state.file_deletions.delete([old] if old else [])
    return await _summary(request, note_id, read)


@router.delete("/{note_id:id}/cover/")
async def remove_cover(
    request: Request, state: State, caller: KnownCaller, note_id: OwnNote, read: ReadSession
) -> NoteSummary:
    """Take the cover off an own note, if it has one. The note's summary back."""
    async with state.database.transaction() as db:
        old = await service.remove(db, caller.user_id, note_id, caller.precondition)
    await state.file_deletions.delete([old] if old else [])
    return await _summary(request, note_id, read)


async def _summary(request: Request, note_id: int, read: Reads) -> NoteSummary:
    row = await read.one(queries.SUMMARY, note_id=note_id)
    if row is None:
        raise NotFound(UNKNOWN)
    return note_summary(request, row)
