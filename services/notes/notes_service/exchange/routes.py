"""Export and import over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Depends, Query, Request, Response
from starlette.responses import StreamingResponse

from notechondria_shared.core.errors import BadRequest
from notechondria_shared.core.json_values import plain
from notechondria_shared.core.timestamps import today
from notechondria_shared.web.answers import Json
from notechondria_shared.web.body import describe_body
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.openapi import DETAIL
from notechondria_shared.web.query import QueryChoice, QueryFlag, QueryId
from notechondria_shared.web.route import api_router
from notechondria_shared.web.upload import is_multipart, read_form
from notechondria_shared.web.zip_stream import zip_stream
from notes_service.callers import KnownCaller, MaybeKnownCaller, viewer
from notes_service.dependencies import Media, State
from notes_service.exchange import queries, single
from notes_service.exchange.exporting import Export
from notes_service.exchange.importing import Import
from notes_service.exchange.jex import Jex
from notes_service.exchange.jobs import ImportProgress, progress_of
from notes_service.exchange.limits import Limits
from notes_service.exchange.obsidian import ObsidianVault
from notes_service.exchange.opening import open_sources
from notes_service.exchange.outcomes import Imported
from notes_service.exchange.selecting import OwnNotes
from notes_service.notes.access import check_read
from notes_service.notes.detail import find

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

router = api_router("/api/v1/notes", tags=["export and import"])
internal = api_router("/internal", include_in_schema=False, dependencies=[Depends(CalledBy("identity"))])
MISSING = "No file provided: Notes.Import/upload — send a zip, or markdown files, as the part `file` of a form."
DryRun = Annotated[
    bool | None,
    QueryFlag(frozenset({"1", "true", "yes", "on"})),
    Query(description="`1`, `true`, `yes` or `on`: say what would come of the import, and change nothing."),
]
ExportForm = Annotated[
    Literal["ours", "obsidian", "jex"] | None,
    QueryChoice(("ours", "obsidian", "jex"), fold_case=True, strict=True),
    Query(alias="format", description="`ours` (the default), which an import brings back whole; `obsidian`; `jex`."),
]
PageForm = Annotated[
    single.Form | None,
    QueryChoice(("md", "html", "print"), fold_case=True, strict=True),
    Query(alias="format", description="`md` (the default), `html`, `print`."),
]
OnlyCourse = Annotated[int | None, QueryId(), Query(description="The notes of this course alone.")]
OnlyNote = Annotated[int | None, QueryId(), Query(description="This note alone.")]
UPLOAD = [describe_body(files=("file",))]


@router.get(
    "/export/",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {
                "application/zip": {"schema": {"type": "string", "format": "binary"}},
                "application/x-tar": {"schema": {"type": "string", "format": "binary"}},
            }
        }
    },
)
async def export_notes(
    media: Media,
    caller: KnownCaller,
    read: ReadSession,
    *,
    form: ExportForm = None,
    course_id: OnlyCourse = None,
    note_id: OnlyNote = None,
) -> StreamingResponse:
    """Everything the caller has here as a zip: notes as markdown with front matter, deleted ones apart, their
    attachments, covers and versions, and `courses.json`.

    With `format` a vault of Obsidian or a JEX of Joplin; of an own course or note alone with `course_id` or `note_id`.
    """
    notes = OwnNotes(read, caller.user_id, course_id, note_id)
    day = today().isoformat()
    if form == "jex":
        return _download(Jex(notes, media).stream(), f"notechondria-{day}.jex", "application/x-tar")
    members = ObsidianVault(notes, media).members() if form == "obsidian" else Export(notes, media).members()
    name = f"notechondria-obsidian-{day}.zip" if form == "obsidian" else f"notechondria-{day}.zip"
    return _download(zip_stream(members), name, "application/zip")


def _download(pieces: AsyncIterator[bytes], name: str, media_type: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Encoding": "identity"}
    return StreamingResponse(pieces, media_type=media_type, headers=headers)


@router.get(
    "/{note_id:id}/export/",
    response_class=Response,
    responses={
        200: {
            "content": {
                "text/markdown": {"schema": {"type": "string"}},
                "text/html": {"schema": {"type": "string"}},
            }
        },
        404: DETAIL,
    },
)
async def export_note(caller: MaybeKnownCaller, note_id: int, read: ReadSession, form: PageForm = None) -> Response:
    """One note as a file: markdown with its properties on top, or a page; `print` is a page that prints well, on paper
    or as a PDF. Read as the note itself: own or public, 400 array for a private one of somebody else (notes §5.1).

    A page is sent as an attachment with a policy under which nothing in it runs. 400 for a text that is too long for a
    page.
    """
    row = await find(read, note_id)
    check_read(row.creator_id, row.is_public, viewer(caller))
    return await single.answer(row, form or "md")


@router.post("/import/", dependencies=UPLOAD, responses={202: {"model": ImportProgress, "description": "It goes on."}})
async def import_notes(
    request: Request, response: Response, state: State, caller: KnownCaller, dry_run: DryRun = None
) -> Imported | ImportProgress:
    """Import notes, at most 50 MiB or what this server allows: a zip (an export of ours, or a folder as Obsidian and
    Joplin export it), or such a folder's files themselves, each a part whose file name is its path in the folder.

    A note that was imported before, or that is still here, is updated when its file says something else, with a version
    kept. What is not taken is named in `errors`, what was done otherwise in `notices`, and all files with what came of
    each in `files`. 400 for what is no zip or unpacks to too much.
    503 while another import of the same user is under way, or too many of others.

    With `Prefer: respond-async` (RFC 7240 §4.1) the answer is 202 as soon as all is sent, and `notes/import/{id}/` says
    how far the import is.
    """
    if not is_multipart(request):
        raise BadRequest(MISSING)
    limits = Limits(state.settings.import_max_mib, state.settings.import_max_files)
    async with AsyncExitStack() as stack:
        stack.enter_context(state.import_slots.taken(caller.user_id))
        form = await stack.enter_async_context(
            read_form(request, too_large=limits.too_large(), limit=limits.sent, max_files=limits.files)
        )
        uploads = [upload for upload in form.uploads if upload.filename]
        if not uploads:
            raise BadRequest(MISSING)
        if sum(upload.size or 0 for upload in uploads) > limits.sent:
            raise limits.too_large()
        opened = stack.enter_context(ExitStack())
        sources = await asyncio.to_thread(open_sources, uploads, limits, opened)
        under_way = Import(request, state, caller, sources, dry_run=bool(dry_run))
        if not _asks_for_later(request):
            return await under_way.run()
        job_id = await state.import_jobs.add(caller.user_id, dry_run=bool(dry_run))
        state.import_jobs.start(job_id, under_way.run_later, stack.pop_all().aclose)
    response.status_code = 202
    response.headers["Preference-Applied"] = "respond-async"
    response.headers["Location"] = f"/api/v1/notes/import/{job_id}/"
    return await progress_of(state.database.reader, caller.user_id, job_id)


def _asks_for_later(request: Request) -> bool:
    """Whether the client would rather ask later than wait (RFC 7240 §4.1)."""
    preferences = ",".join(request.headers.getlist("prefer")).split(",")
    return any(one.partition(";")[0].strip().lower() == "respond-async" for one in preferences)


@router.get("/import/{job_id:id}/", responses={404: DETAIL})
async def show_import(caller: KnownCaller, job_id: int, read: ReadSession) -> ImportProgress:
    """How far an own import is that goes on after its request, and what came of it; one that a restart cut off says so.
    The last 20 of a user are kept."""
    return await progress_of(read, caller.user_id, job_id)


@internal.get("/users/{user_id:id}/export")
async def export_user(user_id: int, read: ReadSession) -> Json:
    """Everything that is stored here of a user: `{"service": "notes", "data": {...}, "files": [media paths]}`."""
    courses = await read.all(queries.COURSES, user_id=user_id)
    notes = await read.all(queries.NOTES, user_id=user_id)
    blocks = await read.all(queries.BLOCKS, user_id=user_id)
    attachments = await read.all(queries.ATTACHMENTS, user_id=user_id)
    data: dict[str, Sequence[DataclassInstance]] = {
        "courses": courses,
        "notes": notes,
        "blocks": blocks,
        "versions": await read.all(queries.VERSIONS, user_id=user_id),
        "attachments": attachments,
        "subscriptions": await read.all(queries.SUBSCRIPTIONS, user_id=user_id),
        "recycle_bin": await read.all(queries.BIN, user_id=user_id),
    }
    files = {
        *(row.cover_image for row in courses),
        *(row.cover_image for row in notes),
        *(row.file for row in attachments),
        *(path for row in blocks for path in (row.file, row.image)),
    }
    values = {name: [plain(row) for row in rows] for name, rows in data.items()}
    return Json({"service": "notes", "data": values, "files": sorted(path for path in files if path)})
