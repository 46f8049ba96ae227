"""The activity week over HTTP (planner §6)."""

from __future__ import annotations

from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.answers import Json
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.direct import DIRECT
from notechondria_shared.web.route import api_router
from planner_service.calendar_sources.refresher import standard_years
from planner_service.dependencies import Sources
from planner_service.week import service
from planner_service.week.days import Days, shifted
from planner_service.week.schemas import StartDate, Week, WeekLength

router = api_router("/api/v1/activity/week", tags=["week"])


@router.get("/", response_model=Week, dependencies=[DIRECT])
async def read_week(
    caller: LoggedIn, sources: Sources, read: ReadSession, start_date: StartDate = "", days: WeekLength = None
) -> Json:
    """Plans, work sessions and calendars day by day from `start_date` on, and the deadlines ahead (planner §6).

    `start_date` is a date or date-time, today (UTC) when unreadable; `days` is 3, 7 or 30, else 7. Never a 400.
    """
    at = now()
    asked = Days.asked(start_date, days, at.date())
    # A floating entry may stand in the year beside (decision 57).
    edges = {asked.first.year, asked.last.year, shifted(asked.first, -1).year, shifted(asked.last, 1).year}
    if far := sorted(edges - set(standard_years(at))):
        await sources.expand(caller.user_id, far)
    # Answered as it is: thousands of items need no second validation on their way out.
    return Json(await service.week(read, caller.user_id, asked, at))
