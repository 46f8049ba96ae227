"""Export and import over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import UploadFile
from starlette.responses import StreamingResponse

from notechondria_shared.core.errors import BadRequest
from notechondria_shared.core.timestamps import iso_offset, today
from notechondria_shared.db.tables import Row
from notechondria_shared.web.answers import Json
from notechondria_shared.web.body import describe_body
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.internal import require_internal
from notechondria_shared.web.upload import is_multipart, read_form
from notechondria_shared.web.zip_stream import zip_stream
from notes_service.authors.contact import KnownCaller
from notes_service.exchange import importing, queries
from notes_service.exchange.archive import Archive, Folder, Source
from notes_service.exchange.exporting import Export
from notes_service.exchange.limits import Limits, Slots
from notes_service.exchange.links import MARKDOWN
from notes_service.settings import NotesSettings

router = APIRouter(prefix="/api/v1/notes", tags=["export and import"])
internal = APIRouter(prefix="/internal", include_in_schema=False, dependencies=[Depends(require_internal)])
MISSING = "No file provided: Notes.Import/upload — send a zip, or markdown files, as the part `file` of a form."
UPLOAD = [describe_body(files=("file",))]


@router.get(
    "/export/",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def export_notes(request: Request, caller: KnownCaller, read: ReadSession) -> StreamingResponse:
    """Everything the caller has here as a zip: notes as markdown with front matter, those of the bin apart, their
    attachments, covers and versions, and `courses.json`."""
    name = f"notechondria-{today().isoformat()}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Encoding": "identity"}
    pieces = zip_stream(Export(read, request.app.state.media, caller.user_id).members())
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


@router.post("/import/", response_model=importing.Imported, dependencies=UPLOAD)
async def import_notes(request: Request, caller: KnownCaller) -> Json:
    """Take in notes, at most 50 MiB or what this server allows: a zip (an export of ours, or a folder as Obsidian and
    Joplin export it), or such a folder's files themselves, each a part whose file name is its path in the folder.

    A note that was imported before, or that is still here, stays as it is. Files that cannot be read are named in
    `errors`, the others are imported. 400 for what is no zip, unpacks to too much, or leads out of itself.
    503 while another import of the same user is under way, or too many of others.
    """
    if not is_multipart(request):
        raise BadRequest(MISSING)
    settings: NotesSettings = request.app.state.settings
    slots: Slots = request.app.state.import_slots
    limits = Limits(settings.import_max_mib, settings.import_max_files)
    with slots.taken(caller.user_id):
        async with read_form(request, too_large=limits.too_large(), limit=limits.sent, max_files=limits.files) as form:
            uploads = [upload for upload in form.uploads if upload.filename]
            if not uploads:
                raise BadRequest(MISSING)
            if sum(upload.size or 0 for upload in uploads) > limits.sent:
                raise limits.too_large()
            source = await asyncio.to_thread(_source, uploads, limits)
            return Json(await importing.Import(request, caller, source).run())


def _source(uploads: Sequence[UploadFile], limits: Limits) -> Source:
    """One file that is no markdown is a zip; everything else is what it seems."""
    first = uploads[0]
    if len(uploads) == 1 and PurePosixPath(first.filename or "").suffix.lower() not in MARKDOWN:
        return Archive(first.file, limits)
    return Folder(uploads, limits)


@internal.get("/users/{user_id:id}/export")
async def export_user(user_id: int, read: ReadSession) -> Json:
    """Everything that is kept here of a user: `{"service": "notes", "data": {...}, "files": [media paths]}`."""
    reads = {
        "courses": queries.COURSES,
        "notes": queries.NOTES,
        "blocks": queries.BLOCKS,
        "versions": queries.VERSIONS,
        "attachments": queries.ATTACHMENTS,
        "subscriptions": queries.SUBSCRIPTIONS,
        "recycle_bin": queries.BIN,
    }
    data = {name: await read.all(query, user_id=user_id) for name, query in reads.items()}
    files = [
        *(row["cover_image"] for row in (*data["courses"], *data["notes"])),
        *(row["file"] for row in (*data["attachments"], *data["blocks"])),
        *(row["image"] for row in data["blocks"]),
    ]
    plain = {name: [_plain(row) for row in rows] for name, rows in data.items()}
    return Json({"service": "notes", "data": plain, "files": sorted({path for path in files if path})})


def _plain(row: Row) -> dict[str, Any]:
    return {name: _written(value) for name, value in row.items()}


def _written(value: Any) -> Any:
    if hasattr(value, "astimezone"):
        return iso_offset(value)
    return value if value is None or isinstance(value, str | int | bool) else str(value)
