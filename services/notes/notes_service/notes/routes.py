"""Notes over HTTP (notes §5).

What `bench.notes` measures (the list, one note, create and update) answers plain JSON of typed dicts: a model would
check each answer a second time.
"""

from __future__ import annotations

from uuid import UUID

from fastapi import Request, Response

from notechondria_shared.db import Reads, SessionReader
from notechondria_shared.web.answers import Json
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.direct import DIRECT
from notechondria_shared.web.openapi import DETAIL
from notechondria_shared.web.route import api_router
from notes_service.callers import KnownCaller, MaybeKnownCaller, viewer
from notes_service.dependencies import CostlyTurns, Search, Transactions
from notes_service.notes import detail, direct, listing, schemas, service
from notes_service.notes.access import OwnNoteOfUuid, check_read
from notes_service.notes.direct import SeenNote
from notes_service.notes.queries import DetailRow
from notes_service.summaries.brief import NoteBrief
from notes_service.summaries.cursors import PageCursor
from notes_service.summaries.schemas import Limit, NotePage, NoteSummary, Offset

router = api_router("/api/v1/notes", tags=["notes"], responses={403: DETAIL, 404: DETAIL})


@router.get("/", response_model=list[NoteSummary] | list[NoteBrief] | NotePage, dependencies=[DIRECT])
async def list_notes(
    request: Request,
    caller: MaybeKnownCaller,
    read: ReadSession,
    search: Search,
    turns: CostlyTurns,
    *,
    limit: Limit = None,
    offset: Offset = None,
    cursor: PageCursor = None,
    course_id: schemas.CourseFilter = None,
    q: schemas.SearchText = "",
    contains: schemas.Contained = "",
    scope: schemas.ScopeFilter = None,
    sort: schemas.SortOrder = None,
    window: schemas.EditedWithin = None,
    fields: schemas.FieldChoice = None,
) -> Response:
    """Notes, last edited first, or best match first with `q`; with `limit` a page (notes §5.3).

    `contains` keeps notes whose title or content holds that text, in any letter case (mcp §5.2, list_notes).
    `sort` and `window` order and narrow it (apps §4). With `cursor` a page names the next one (decision 66),
    with `fields=brief` notes are short (decision 68).
    """
    query = listing.NoteListQuery.of(
        viewer(caller),
        scope=scope,
        q=q,
        contains=contains,
        course_id=course_id,
        limit=limit,
        offset=offset,
        cursor=cursor,
        sort=sort,
        window=window,
        fields=fields,
    )
    if query.is_costly:
        async with turns.of(request, query.viewer):
            return await listing.answer(request, read, search, query)
    return await listing.answer(request, read, search, query)


@router.post("/", response_model=schemas.NoteDetail, status_code=201, dependencies=[DIRECT])
async def create_note(request: Request, caller: KnownCaller, body: schemas.CreateNote, database: Transactions) -> Json:
    """Make a note (notes §5.5): 201; 200 when the draft id is known and its note is overwritten; 404 unknown course."""
    if written := await direct.create(database, caller, body):
        return Json(schemas.note_detail(request, written.row, written.blocks), status_code=201)
    async with database.transaction() as db:
        note_id, created = await service.create(db, caller, body)
        answer = await _detail(request, SessionReader(db), note_id)
    return Json(answer, status_code=201 if created else 200)


@router.get("/{note_id:id}/", response_model=schemas.NoteForCaller, dependencies=[DIRECT])
async def get_note(request: Request, caller: MaybeKnownCaller, note_id: int, read: ReadSession) -> Json:
    """A note with its text and `can_edit`: own or public; 400 array for a private one of somebody else (notes §5.1)."""
    return Json(await _for_caller(request, read, await detail.find(read, note_id), viewer(caller)))


@router.patch("/{note_id:id}/", response_model=schemas.NoteDetail, dependencies=[DIRECT])
async def update_note(
    request: Request, caller: KnownCaller, seen: SeenNote, body: schemas.UpdateNote, database: Transactions
) -> Json:
    """Change what is sent (notes §5.6); 404, 400 array, 403 as §5.1 has them, before the body is checked."""
    if written := await direct.change(database, caller, seen, body):
        return Json(schemas.note_detail(request, written.row, written.blocks))
    async with database.transaction() as db:
        await service.update_note(db, caller.user_id, seen.id, body, caller.precondition)
        answer = await _detail(request, SessionReader(db), seen.id)
    return Json(answer)


@router.delete("/{note_id:id}/", status_code=204)
async def delete_note(caller: KnownCaller, note_id: int, db: WriteSession) -> None:
    """Move an own note to the recycle bin (notes §5.8)."""
    await service.trash(db, caller.user_id, note_id, caller.precondition)


@router.get("/uuid/{note_uuid:uuid}/", response_model=schemas.NoteForCaller, dependencies=[DIRECT])
async def get_note_by_uuid(request: Request, caller: MaybeKnownCaller, note_uuid: UUID, read: ReadSession) -> Json:
    """The note of a share link, in any letter case (notes §5.2); read as by its id."""
    return Json(await _for_caller(request, read, await detail.find_by_uuid(read, note_uuid), viewer(caller)))


@router.patch("/uuid/{note_uuid:uuid}/", response_model=schemas.NoteForCaller)
async def update_note_by_uuid(
    request: Request, caller: KnownCaller, note_id: OwnNoteOfUuid, body: schemas.UpdateNote, db: WriteSession
) -> Json:
    """As by its id, with `can_edit`; a change of the text counts all its words (notes §9.1)."""
    await service.update_note(db, caller.user_id, note_id, body, caller.precondition, all_words=True)
    return Json({**await _detail(request, SessionReader(db), note_id), "can_edit": True})


@router.delete("/uuid/{note_uuid:uuid}/", status_code=204)
async def delete_note_by_uuid(caller: KnownCaller, note_id: OwnNoteOfUuid, db: WriteSession) -> None:
    """As by its id (notes §5.8)."""
    await service.trash(db, caller.user_id, note_id, caller.precondition)


async def _detail(request: Request, read: Reads, note_id: int) -> schemas.NoteDetail:
    return await detail.describe(request, read, await detail.find(read, note_id))


async def _for_caller(request: Request, read: Reads, row: DetailRow, user_id: int) -> schemas.NoteForCaller:
    check_read(row.creator_id, row.is_public, user_id)
    return {**await detail.describe(request, read, row), "can_edit": row.creator_id == user_id}
