"""Subscribing to courses over HTTP (notes §4.9)."""

from __future__ import annotations

from fastapi import Request

from notechondria_shared.db import SessionReader
from notechondria_shared.web.dependencies import WriteSession
from notechondria_shared.web.openapi import DETAIL
from notechondria_shared.web.route import api_router
from notes_service.callers import KnownCaller
from notes_service.courses.objects import describe_one
from notes_service.courses.schemas import CourseObject
from notes_service.subscriptions import service

router = api_router("/api/v1/courses/{course_id:id}", tags=["courses"], responses={404: DETAIL})


@router.post("/subscribe/")
async def subscribe(request: Request, caller: KnownCaller, course_id: int, db: WriteSession) -> CourseObject:
    """Subscribe to any course, an own one too; the course back. 404 when unknown."""
    await service.subscribe(db, caller.user_id, course_id)
    return await describe_one(request, SessionReader(db), course_id, caller.user_id)


@router.post("/subscribe-private/")
async def subscribe_privately(request: Request, caller: KnownCaller, course_id: int, db: WriteSession) -> CourseObject:
    """As `subscribe`, for oneself only (apps §5): the course back. 404 when unknown."""
    await service.subscribe(db, caller.user_id, course_id, private=True)
    return await describe_one(request, SessionReader(db), course_id, caller.user_id)


@router.delete("/subscribe/")
async def unsubscribe(request: Request, caller: KnownCaller, course_id: int, db: WriteSession) -> CourseObject:
    """End the caller's subscription; the course back. 404 when there is none."""
    await service.unsubscribe(db, caller.user_id, course_id)
    return await describe_one(request, SessionReader(db), course_id, caller.user_id)


@router.post("/open/")
async def open_course(request: Request, caller: KnownCaller, course_id: int, db: WriteSession) -> CourseObject:
    """The caller opened a course they subscribed to; the course back. 404 without a subscription."""
    await service.open_course(db, caller.user_id, course_id)
    return await describe_one(request, SessionReader(db), course_id, caller.user_id)
