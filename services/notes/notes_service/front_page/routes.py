"""The front page and the list of latest notes (notes §9.2, §10)."""

from __future__ import annotations

import asyncio
from typing import Any, NotRequired

from fastapi import APIRouter, Request
from typing_extensions import TypedDict

from notechondria_shared.web.answers import Json
from notechondria_shared.web.dependencies import ReadSession
from notes_service.authors.contact import MaybeKnownCaller, viewer
from notes_service.courses.objects import describe
from notes_service.courses.schemas import CourseObject
from notes_service.front_page import queries
from notes_service.front_page.planner import planner_activity
from notes_service.notes.schemas import NoteSummary, note_summary

router = APIRouter(prefix="/api/v1", tags=["front page"])
RECENT_SHOWN = 6


class FrontPage(TypedDict):
    """What everybody sees first; the last two keys are the planner's part for whoever is signed in."""

    carousel_courses: list[CourseObject]
    collections: list[CourseObject]
    default_course: CourseObject | None
    recommended_notes: list[NoteSummary]
    recent_notes: list[NoteSummary]
    heatmap: NotRequired[dict[str, Any]]
    upcoming_events: NotRequired[list[dict[str, Any]]]


async def _nothing() -> dict[str, Any]:
    return {}


@router.get("/front-page/", response_model=FrontPage)
async def front_page(request: Request, caller: MaybeKnownCaller, read: ReadSession) -> Json:
    """Courses and the latest public notes; for a signed-in caller heatmap and deadlines, unless planner is away."""
    user_id = viewer(caller)
    rows, notes, planners = await asyncio.gather(
        read.all(queries.COURSES, viewer=user_id, most=queries.COURSES_SHOWN),
        read.all(queries.RECOMMENDED),
        planner_activity(request, user_id) if caller else _nothing(),
    )
    courses = await describe(request, read, rows, user_id)
    default = next((course for course in courses if course["is_default"]), courses[0] if courses else None)
    recommended = [note_summary(request, note) for note in notes]
    return Json(
        {
            "carousel_courses": courses,
            "collections": courses,
            "default_course": default,
            "recommended_notes": recommended,
            "recent_notes": recommended[:RECENT_SHOWN],
            **planners,
        }
    )


@router.get("/activity/", response_model=list[NoteSummary])
async def latest_notes(request: Request, caller: MaybeKnownCaller, read: ReadSession) -> Json:
    """The caller's ten latest notes; `[]` for anonymous (notes §9.2). Binned ones are left out (decision 13)."""
    rows = await read.all(queries.LATEST, user_id=caller.user_id) if caller else []
    return Json([note_summary(request, row) for row in rows])
