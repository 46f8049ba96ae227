"""Courses over HTTP (notes §4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request, Response

from notechondria_shared.core.errors import NotFound, NotImplementedHere
from notechondria_shared.db import Reader, SessionReader
from notechondria_shared.web.answers import Json, json_in_slices
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.direct import DIRECT
from notechondria_shared.web.openapi import DETAIL, refusals
from notechondria_shared.web.revalidation import REVALIDATED
from notechondria_shared.web.route import api_router
from notes_service.callers import KnownCaller, MaybeKnownCaller, viewer
from notes_service.courses import ordering, queries, schemas, service
from notes_service.courses.objects import describe, describe_one
from notes_service.dependencies import CostlyTurns, Deletions, Transactions
from notes_service.summaries.schemas import Limit, NotePage, NoteSummary, Offset, note_summaries
from notes_service.summaries.slices import in_slices

NO_SYNC = (
    "Not connected: Notes.Courses/git — this server has no GitHub sync: its operator would have to set up a GitHub App "
    "(GITHUB_DATA_SYNC_APP_NAME), which this version does not offer."
)
NOT_OFFERED = refusals(403, 404, 501)
router = api_router("/api/v1/courses", tags=["courses"], responses={403: DETAIL, 404: DETAIL})


async def require_own_course(caller: KnownCaller, course_id: int, read: ReadSession) -> int:
    """The id of a course the caller owns; 404 and 403 come before the body is checked (notes §4.2)."""
    row = await read.one(queries.OWNER, course_id=course_id)
    service.check_owner(row, caller.user_id)
    return course_id


OwnCourse = Annotated[int, Depends(require_own_course)]


@router.get("/", dependencies=[REVALIDATED])
async def list_courses(
    request: Request,
    caller: MaybeKnownCaller,
    read: ReadSession,
    limit: Limit = None,
    offset: Offset = None,
) -> list[schemas.CourseObject] | schemas.CoursePage:
    """All courses of all users but other people's Inboxes (notes §4.3, §12), in the caller's order.

    Anonymous callers get those with a public note (apps §8). With `limit` a page (apps §4).
    """
    whole, paged, total = (
        (queries.LIST, queries.LIST_PAGE, queries.LIST_TOTAL)
        if caller
        else (queries.PUBLIC, queries.PUBLIC_PAGE, queries.PUBLIC_TOTAL)
    )
    user_id = viewer(caller)
    if limit is None:
        return await describe(request, read, await read.all(whole, viewer=user_id), user_id)
    start = offset or 0
    rows = await read.all(paged, viewer=user_id, limit=limit, offset=start)
    count = await read.value(total, viewer=user_id) or 0
    courses = await describe(request, read, rows, user_id)
    return schemas.CoursePage(results=courses, total=count, offset=start, limit=limit, has_more=start + limit < count)


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
        await service.remove(db, caller.user_id, course_id, caller.precondition, inbox_too=True)
    await deletions.delete([f"course_media/course_{course_id}/"])


@router.get("/{course_id:id}/notes/", response_model=list[NoteSummary] | NotePage, dependencies=[DIRECT])
async def list_course_notes(
    request: Request,
    caller: MaybeKnownCaller,
    course_id: int,
    read: ReadSession,
    turns: CostlyTurns,
    limit: Limit = None,
    offset: Offset = None,
) -> Response:
    """The notes of a course that the caller may see, last edited first (notes §4.8); 404 when unknown.

    With `limit` a page (apps §4), without it a list.
    """
    which = {"course_id": course_id, "viewer": viewer(caller)}
    if limit is None:
        async with turns.of(request, which["viewer"]):
            return await _whole_course(request, read, which)
    start = offset or 0
    rows = await read.all(queries.NOTES_PAGE, **which, limit=limit, offset=start)
    if not rows:
        await _require_known(read, course_id)
    shown = note_summaries(request, rows)
    total = await read.value(queries.NOTES_TOTAL, **which) or 0
    page: NotePage = {
        "results": shown,
        "total": total,
        "offset": start,
        "limit": limit,
        "has_more": start + limit < total,
    }
    return Json(page)


async def _whole_course(request: Request, read: Reader, which: Mapping[str, int]) -> Response:
    ids = await read.all(queries.NOTE_IDS, **which)
    if not ids:
        await _require_known(read, which["course_id"])
    slices = in_slices(ids, lambda some: read.all(queries.NOTES_OF, note_ids=some, **which))
    return await json_in_slices(note_summaries(request, rows) async for rows in slices)


async def _require_known(read: Reader, course_id: int) -> None:
    if await read.one(queries.OWNER, course_id=course_id) is None:
        raise NotFound(service.UNKNOWN)


@router.put("/{course_id:id}/git/", responses=NOT_OFFERED)
async def connect_repository(_: KnownCaller, __: OwnCourse, _body: schemas.ConnectRepository) -> None:
    """Keep a course in a repository (apps §5): 501, this server has no GitHub sync."""
    raise NotImplementedHere(NO_SYNC)


@router.post("/{course_id:id}/git/import/", responses=NOT_OFFERED)
async def import_repository(_: KnownCaller, __: OwnCourse) -> None:
    """Read a course from its repository (apps §5): 501, this server has no GitHub sync."""
    raise NotImplementedHere(NO_SYNC)
