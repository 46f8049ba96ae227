"""Courses over HTTP (notes §4)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response

from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import SessionReader
from notechondria_shared.web.answers import Json
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.openapi import DETAIL
from notechondria_shared.web.revalidation import REVALIDATED
from notechondria_shared.web.route import api_router
from notes_service.callers import KnownCaller, MaybeKnownCaller, viewer
from notes_service.courses import ordering, queries, schemas, service
from notes_service.courses.objects import describe, describe_one
from notes_service.dependencies import Deletions, Transactions
from notes_service.summaries.schemas import NoteSummary, note_summary

router = api_router("/api/v1/courses", tags=["courses"], responses={403: DETAIL, 404: DETAIL})


async def require_own_course(caller: KnownCaller, course_id: int, read: ReadSession) -> int:
    """The id of a course the caller owns; 404 and 403 come before the body is checked (notes §4.2)."""
    row = await read.one(queries.OWNER, course_id=course_id)
    service.check_owner(row, caller.user_id)
    return course_id


OwnCourse = Annotated[int, Depends(require_own_course)]


@router.get("/", dependencies=[REVALIDATED])
async def list_courses(request: Request, caller: MaybeKnownCaller, read: ReadSession) -> list[schemas.CourseObject]:
    """All courses of all users but other people's Inboxes (notes §4.3, §12), in the caller's order."""
    rows = await read.all(queries.LIST, viewer=viewer(caller))
    return await describe(request, read, rows, viewer(caller))


@router.post("/", status_code=201)
async def create_course(
    request: Request, response: Response, caller: KnownCaller, body: schemas.CreateCourse, db: WriteSession
) -> schemas.CourseObject:
    """Make a course: 201; 200 when `client_course_id` or the Inbox matched; 400 for a title in use (notes §4.2)."""
    course_id, created = await service.create(db, caller.user_id, body)
    response.status_code = 201 if created else 200
    return await describe_one(request, SessionReader(db), course_id, caller.user_id)


@router.post("/reorder/")
async def reorder_courses(
    request: Request,
    caller: KnownCaller,
    body: schemas.ReorderCourses,
    db: WriteSession,
) -> list[schemas.CourseObject]:
    """Give the named own courses the positions 1, 2, 3…; the caller's courses, sorted, back (notes §4.4)."""
    await ordering.reorder(db, caller.user_id, body.course_ids)
    read = SessionReader(db)
    rows = await read.all(queries.OWN, viewer=caller.user_id)
    return await describe(request, read, rows, caller.user_id)


@router.get("/{course_id:id}/")
async def get_course(
    request: Request, caller: MaybeKnownCaller, course_id: int, read: ReadSession
) -> schemas.CourseObject:
    """One course, whoever owns it (notes §4.1); 404 when unknown."""
    return await describe_one(request, read, course_id, viewer(caller))


@router.patch("/{course_id:id}/")
async def update_course(
    request: Request,
    caller: KnownCaller,
    course_id: OwnCourse,
    body: schemas.UpdateCourse,
    db: WriteSession,
) -> schemas.CourseObject:
    """Change what is sent of an own course (notes §4.2): 404, 403, field errors, then 400 for a refused title."""
    await service.change(db, caller.user_id, course_id, body, caller.precondition)
    return await describe_one(request, SessionReader(db), course_id, caller.user_id)


@router.delete("/{course_id:id}/", status_code=204)
async def delete_course(caller: KnownCaller, course_id: int, database: Transactions, deletions: Deletions) -> None:
    """Delete an own course, its notes move to the Inbox (notes §4.7); 404 unknown, 403 foreign, 400 the Inbox."""
    async with database.transaction() as db:
        await service.remove(db, caller.user_id, course_id, caller.precondition)
    await deletions.delete([f"course_media/course_{course_id}/"])


@router.get("/{course_id:id}/notes/", response_model=list[NoteSummary])
async def list_course_notes(request: Request, caller: MaybeKnownCaller, course_id: int, read: ReadSession) -> Json:
    """The notes of a course that the caller may see, last edited first, not paged (notes §4.8); 404 when unknown."""
    rows = await read.all(queries.NOTES, course_id=course_id, viewer=viewer(caller))
    if not rows and await read.one(queries.OWNER, course_id=course_id) is None:
        raise NotFound(service.UNKNOWN)
    return Json([note_summary(request, row) for row in rows])
