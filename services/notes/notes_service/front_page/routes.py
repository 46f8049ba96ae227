"""The front page and the list of latest notes (notes §9.2, §10)."""

from __future__ import annotations

import asyncio
import logging
from typing import NotRequired

from fastapi import Request
from pydantic import JsonValue
from typing_extensions import TypedDict

from notechondria_contracts.clients.base import ServiceRefused, ServiceUnavailable
from notechondria_contracts.clients.planner import PlannerClient
from notechondria_contracts.internal.planner import FrontPageActivity
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.revalidation import REVALIDATED
from notechondria_shared.web.route import api_router
from notes_service.callers import MaybeKnownCaller, viewer
from notes_service.courses.objects import describe
from notes_service.courses.schemas import CourseObject
from notes_service.dependencies import State
from notes_service.front_page import queries
from notes_service.summaries.schemas import NoteSummary, note_summaries

router = api_router("/api/v1", tags=["front page"])
logger = logging.getLogger("notechondria.front_page")
RECENT_SHOWN = 6
PATIENCE_SECONDS = 2.0


class FrontPage(TypedDict):
    """What everybody sees first; the last two keys are the planner's part for callers who are signed in."""

    carousel_courses: list[CourseObject]
    collections: list[CourseObject]
    default_course: CourseObject | None
    recommended_notes: list[NoteSummary]
    recent_notes: list[NoteSummary]
    heatmap: NotRequired[dict[str, JsonValue]]
    upcoming_events: NotRequired[list[dict[str, JsonValue]]]


@router.get("/front-page/", dependencies=[REVALIDATED])
async def front_page(request: Request, state: State, caller: MaybeKnownCaller, read: ReadSession) -> FrontPage:
    """Courses and the latest public notes; for a signed-in caller heatmap and deadlines, unless planner is away."""
    user_id = viewer(caller)
    rows, notes, activity = await asyncio.gather(
        read.all(queries.COURSES, viewer=user_id, most=queries.COURSES_SHOWN),
        read.all(queries.RECOMMENDED),
        _planner_activity(state.planner if caller else None, user_id),
    )
    courses = await describe(request, read, rows, user_id)
    recommended = note_summaries(request, notes)
    page: FrontPage = {
        "carousel_courses": courses,
        "collections": courses,
        "default_course": next((course for course in courses if course.is_default), courses[0] if courses else None),
        "recommended_notes": recommended,
        "recent_notes": recommended[:RECENT_SHOWN],
    }
    if activity is not None:
        page["heatmap"], page["upcoming_events"] = activity.heatmap, activity.upcoming_events
    return page


async def _planner_activity(planner: PlannerClient | None, user_id: int) -> FrontPageActivity | None:
    """The planner's part; None for anonymous callers, and while the planner is away or too slow."""
    if planner is None:
        return None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await planner.front_page(user_id)
    except (ServiceUnavailable, ServiceRefused, TimeoutError) as error:
        logger.warning("front page without the planner's part: %r", error)
        return None


@router.get("/activity/")
async def latest_notes(request: Request, caller: MaybeKnownCaller, read: ReadSession) -> list[NoteSummary]:
    """The caller's ten latest notes; `[]` for anonymous (notes §9.2). Deleted ones are left out (decision 13)."""
    rows = await read.all(queries.LATEST, user_id=caller.user_id) if caller else []
    return note_summaries(request, rows)
