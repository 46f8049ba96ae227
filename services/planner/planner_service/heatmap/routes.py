"""The heatmap over HTTP (planner §7)."""

from __future__ import annotations

from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.timestamps import today
from notechondria_shared.web.answers import Json
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.direct import DIRECT
from notechondria_shared.web.revalidation import REVALIDATED
from notechondria_shared.web.route import api_router
from planner_service.heatmap import service
from planner_service.heatmap.schemas import HALF_A_YEAR, DaysAhead, DaysBack, Heatmap

router = api_router("/api/v1/heatmap", tags=["heatmap"])


@router.get("/", response_model=Heatmap, dependencies=[DIRECT, REVALIDATED])
async def read_heatmap(caller: LoggedIn, read: ReadSession, back: DaysBack = None, ahead: DaysAhead = None) -> Json:
    """What the caller wrote and has planned, day by day around today, UTC (planner §7, apps §7).

    400 `{"detail"}` for a number of days that is none, or not from 1 to 366.
    """
    return Json(await service.heatmap(read, caller.user_id, today(), back or HALF_A_YEAR, ahead or HALF_A_YEAR))
