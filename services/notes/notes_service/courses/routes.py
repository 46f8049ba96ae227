"""Courses over HTTP (notes §4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Request

from notechondria_shared.database import Database, Reads, SessionReader
from notechondria_shared.database.engine import ReadSession, WriteSession
from notechondria_shared.database.tables import Row
from notechondria_shared.errors import NotFound
from notechondria_shared.http import read_body
from notechondria_shared.http.answers import Json
from notes_service.authors.contact import KnownCaller, MaybeKnownCaller, viewer
from notes_service.courses import queries, schemas, service
from notes_service.notes.files import discard_files

router = APIRouter(prefix="/api/v1/courses", tags=["courses"])


@router.get("/", response_model=list[schemas.CourseObject])
async def list_courses(request: Request, caller: MaybeKnownCaller, read: ReadSession) -> Json:
    """All courses of all users but other people's Inboxes (notes §4.3, §12), in the caller's order."""
    rows = await read.all(queries.LIST, viewer=viewer(caller))
    return Json(await _objects(request, read, rows, viewer(caller)))


@router.post("/", response_model=schemas.CourseObject, status_code=201)
async def create_course(
    request: Request,
    caller: KnownCaller,
    wanted: Annotated[schemas.CreateCourse, read_body(schemas.CreateCourse)],
    session: WriteSession,
) -> Json:
    """Make a course: 201; 200 when `client_course_id` or the Inbox matched; 400 for a title in use (notes §4.2)."""
    course_id, made = await service.create(session, caller.user_id, wanted)
    course = await _one(request, SessionReader(session), course_id, caller.user_id)
    return Json(course, status_code=201 if made else 200)


@router.get("/{course_id:id}/", response_model=schemas.CourseObject)
async def get_course(request: Request, caller: MaybeKnownCaller, course_id: int, read: ReadSession) -> Json:
    """One course, whoever owns it (notes §4.1); 404 when unknown."""
    return Json(await _one(request, read, course_id, viewer(caller)))


@router.delete("/{course_id:id}/", status_code=204)
async def delete_course(request: Request, caller: KnownCaller, course_id: int) -> None:
    """Delete an own course, its notes move to the Inbox (notes §4.7); 404 unknown, 403 foreign, 400 the Inbox."""
    database: Database = request.app.state.database
    async with database.transaction() as session:
        await service.remove(session, caller.user_id, course_id)
    await discard_files(request.app.state.media, [f"course_media/course_{course_id}/"])


async def _one(request: Request, read: Reads, course_id: int, user_id: int) -> schemas.CourseObject:
    row = await read.one(queries.ONE, course_id=course_id, viewer=user_id)
    if row is None:
        raise NotFound(service.UNKNOWN)
    (course,) = await _objects(request, read, [row], user_id)
    return course


async def _objects(request: Request, read: Reads, rows: Sequence[Row], user_id: int) -> list[schemas.CourseObject]:
    """Rows as course objects: two more statements, however many rows."""
    ids = [row["id"] for row in rows]
    notes, pictures = defaultdict(list), defaultdict(list)
    if ids:
        for note in await read.all(queries.RECENT, course_ids=ids, viewer=user_id):
            notes[note["course_id"]].append(note)
        for picture in await read.all(queries.MEDIA, course_ids=ids):
            pictures[picture["course_id"]].append(picture)
    return [schemas.course_object(request, row, notes[row["id"]], pictures[row["id"]]) for row in rows]
