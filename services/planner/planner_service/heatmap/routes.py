"""The heatmap over HTTP (planner §7)."""

from __future__ import annotations

from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.timestamps import today
from notechondria_shared.web.answers import Json
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.route import api_router
from planner_service.heatmap import service
from planner_service.heatmap.schemas import Heatmap

router = api_router("/api/v1/heatmap", tags=["heatmap"])


@router.get("/", response_model=Heatmap)
async def read_heatmap(caller: LoggedIn, read: ReadSession) -> Json:
    """What the caller wrote and has planned, a year of days around today (UTC)."""
    return Json(await service.heatmap(read, caller.user_id, today()))
