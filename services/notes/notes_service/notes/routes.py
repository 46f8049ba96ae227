"""Notes over HTTP (notes §5)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request

from notechondria_shared.db import SessionReader
from notechondria_shared.web import read_body
from notechondria_shared.web.answers import Json
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.openapi import DETAIL
from notes_service.authors.contact import KnownCaller, MaybeKnownCaller, viewer
from notes_service.notes import detail, listing, schemas, service
from notes_service.notes.access import OwnNote, OwnNoteOfUuid, check_read

router = APIRouter(prefix="/api/v1/notes", tags=["notes"], responses={403: DETAIL, 404: DETAIL})


@router.get("/", response_model=list[schemas.NoteSummary] | schemas.NotePage)
async def list_notes(
    request: Request,
    caller: MaybeKnownCaller,
    read: ReadSession,
    scope: str = "",
    q: str = "",
    contains: str = "",
    course_id: str = "",
    limit: str = "",
    offset: str = "",
) -> Json:
    """Notes, last edited first, or best match first with `q`; with `limit` a page (notes §5.3).

    `contains` keeps notes whose title or content holds that text, in any letter case (mcp §5.2, list_notes).
    """
    wanted = listing.Listing.of(
        viewer(caller), scope=scope, q=q, contains=contains, course_id=course_id, limit=limit, offset=offset
    )
    return Json(await listing.answer(request, read, wanted))


@router.post("/", response_model=schemas.NoteDetail, status_code=201)
async def create_note(
    request: Request,
    caller: KnownCaller,
    wanted: Annotated[schemas.CreateNote, read_body(schemas.CreateNote)],
    db: WriteSession,
) -> Json:
    """Make a note (notes §5.5): 201; 200 when the draft id is known and its note is overwritten; 404 unknown course."""
    note_id, made = await service.create(db, caller, wanted)
    read = SessionReader(db)
    body = await detail.describe(request, read, await detail.find(read, note_id))
    return Json(body, status_code=201 if made else 200)


@router.get("/{note_id:id}/", response_model=schemas.NoteForCaller)
async def get_note(request: Request, caller: MaybeKnownCaller, note_id: int, read: ReadSession) -> Json:
    """A note with its text and `can_edit`: own or public; 400 array for a private one of somebody else (notes §5.1)."""
    row = await detail.find(read, note_id)
    check_read(row["creator_id"], row["is_public"], viewer(caller))
    body = await detail.describe(request, read, row)
    return Json({**body, "can_edit": row["creator_id"] == viewer(caller)})


@router.patch("/{note_id:id}/", response_model=schemas.NoteDetail)
async def update_note(
    request: Request,
    caller: KnownCaller,
    note_id: OwnNote,
    wanted: Annotated[schemas.UpdateNote, read_body(schemas.UpdateNote)],
    db: WriteSession,
) -> Json:
    """Change what is sent (notes §5.6); 404, 400 array, 403 as §5.1 has them, before the body is looked at."""
    await service.update_note(db, caller.user_id, note_id, wanted)
    read = SessionReader(db)
    return Json(await detail.describe(request, read, await detail.find(read, note_id)))


@router.delete("/{note_id:id}/", status_code=204)
async def delete_note(caller: KnownCaller, note_id: int, db: WriteSession) -> None:
    """Move an own note to the recycle bin (notes §5.8)."""
    await service.trash(db, caller.user_id, note_id)


@router.get("/uuid/{note_uuid:uuid}/", response_model=schemas.NoteForCaller)
async def get_note_by_uuid(request: Request, caller: MaybeKnownCaller, note_uuid: UUID, read: ReadSession) -> Json:
    """The note of a share link, in any letter case (notes §5.2); read as by its id."""
    row = await detail.find_by_uuid(read, note_uuid)
    check_read(row["creator_id"], row["is_public"], viewer(caller))
    body = await detail.describe(request, read, row)
    return Json({**body, "can_edit": row["creator_id"] == viewer(caller)})


@router.patch("/uuid/{note_uuid:uuid}/", response_model=schemas.NoteForCaller)
async def update_note_by_uuid(
    request: Request,
    caller: KnownCaller,
    note_id: OwnNoteOfUuid,
    wanted: Annotated[schemas.UpdateNote, read_body(schemas.UpdateNote)],
    db: WriteSession,
) -> Json:
    """As by its id, with `can_edit`; a change of the text counts all its words (notes §9.1)."""
    await service.update_note(db, caller.user_id, note_id, wanted, all_words=True)
    read = SessionReader(db)
    body = await detail.describe(request, read, await detail.find(read, note_id))
    return Json({**body, "can_edit": True})


@router.delete("/uuid/{note_uuid:uuid}/", status_code=204)
async def delete_note_by_uuid(caller: KnownCaller, note_id: OwnNoteOfUuid, db: WriteSession) -> None:
    """As by its id (notes §5.8)."""
    await service.trash(db, caller.user_id, note_id)
