"""What the planner adds to the front page (notes §10)."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

logger = logging.getLogger("notechondria.front_page")
PATIENCE_SECONDS = 2.0


class PlannerActivity(BaseModel):
    """The heatmap and the next deadlines of a user."""

    model_config = ConfigDict(extra="ignore")

    heatmap: dict[str, Any]
    upcoming_events: list[dict[str, Any]]


async def planner_activity(request: Request, user_id: int) -> dict[str, Any]:
    """The two keys of the planner; none while it is away or too slow."""
    http: httpx.AsyncClient = request.app.state.internal_http
    url = f"{request.app.state.settings.planner_url}/internal/front-page/{user_id}"
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer = await http.get(url)
        answer.raise_for_status()
        return PlannerActivity.model_validate_json(answer.content).model_dump()
    except (httpx.HTTPError, ValidationError, TimeoutError) as error:
        logger.warning("front page without the planner's part: %r", error)
        return {}
