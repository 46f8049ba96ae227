"""Export and import over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import StreamingResponse

from notechondria_shared.database.engine import ReadSession
from notechondria_shared.database.tables import Row
from notechondria_shared.errors import BadRequest
from notechondria_shared.http.answers import Json
from notechondria_shared.http.body import describe_body
from notechondria_shared.http.internal import require_internal
from notechondria_shared.http.upload import is_multipart, read_form
from notechondria_shared.timestamps import iso_offset, today
from notes_service.authors.contact import KnownCaller
from notes_service.exchange import importing, queries
from notes_service.exchange.archive import Archive
from notes_service.exchange.exporting import export

router = APIRouter(prefix="/api/v1/notes", tags=["export and import"])
internal = APIRouter(prefix="/internal", include_in_schema=False, dependencies=[Depends(require_internal)])
LIMIT = 20 * 1024 * 1024
"""Bytes of an uploaded archive."""
MISSING = "No file provided: Notes.Import/upload — send a zip as the part `file` of a multipart form."
TOO_LARGE = f"Import refused: Notes.Import/upload — the archive exceeds maximum size of {LIMIT >> 20} MiB."
UPLOAD = [describe_body(files=("file",))]


@router.get(
    "/export/",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def export_notes(request: Request, caller: KnownCaller, read: ReadSession) -> StreamingResponse:
    """The caller's notes as a zip: markdown with front matter, attachments, `courses.json`. The bin stays out."""
    name = f"notechondria-{today().isoformat()}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Encoding": "identity"}
    pieces = export(read, request.app.state.media, caller.user_id)
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


@router.post("/import/", response_model=importing.Imported, dependencies=UPLOAD)
async def import_notes(request: Request, caller: KnownCaller) -> Json:
    """Take in a zip of markdown: an export of ours, or a folder as Obsidian and Joplin export it; at most 20 MiB.

    A note that was imported before, or that is still here, stays as it is. Files that cannot be read are named in
    `errors`, the others are imported. 400 for what is no zip, unpacks to too much, or leads out of itself.
    """
    if not is_multipart(request):
        raise BadRequest(MISSING)
    async with read_form(request, too_large=BadRequest(TOO_LARGE), limit=LIMIT) as form:
        upload = form.files.get("file")
        if upload is None:
            raise BadRequest(MISSING)
        if (upload.size or 0) > LIMIT:
            raise BadRequest(TOO_LARGE)
        archive = await asyncio.to_thread(Archive, upload.file)
        return Json(await importing.Import(request, caller, archive).run())


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
