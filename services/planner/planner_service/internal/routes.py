"""What planner answers to the other services: never routed by the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastapi import Depends

from notechondria_shared.core.json_values import plain
from notechondria_shared.core.timestamps import today
from notechondria_shared.web.answers import Json
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.router import Router
from planner_service.heatmap.service import heatmap
from planner_service.internal import queries
from planner_service.planner_events.payload import event_fields

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

DAYS_BACK, DAYS_AHEAD = 364, 28
"""Of the front page's heatmap: newer portals draw the last weeks that fit (apps §7)."""
router = Router(prefix="/internal", include_in_schema=False)


@router.get("/front-page/{user_id:id}", dependencies=[Depends(CalledBy("notes"))])
async def front_page(user_id: int, read: ReadSession) -> Json:
    """The planner's half of the front page (planner §9): the heatmap (planner §7) and up to 8 upcoming events."""
    day = today()
    upcoming = await read.all(queries.UPCOMING, user_id=user_id, today=day)
    return Json(
        {
            "heatmap": await heatmap(read, user_id, day, DAYS_BACK, DAYS_AHEAD),
            "upcoming_events": [event_fields(row) for row in upcoming],
        }
    )


@router.get("/users/{user_id:id}/export", dependencies=[Depends(CalledBy("identity"))])
async def export(user_id: int, read: ReadSession) -> Json:
    """Everything that is kept here of a user: `{"service": "planner", "data": {...}, "files": []}`.

    Tokens of links are not in it: only their digests are kept.
    """
    data: dict[str, Sequence[DataclassInstance]] = {
        "planner_events": await read.all(queries.EVENTS, user_id=user_id),
        "calendar_feeds": await read.all(queries.FEEDS, user_id=user_id),
        "calendar_links": await read.all(queries.LINKS, user_id=user_id),
        "note_sessions": await read.all(queries.SESSIONS, user_id=user_id),
        "activities": await read.all(queries.ACTIVITY, user_id=user_id),
    }
    written = {name: [plain(row) for row in rows] for name, rows in data.items()}
    return Json({"service": "planner", "data": written, "files": []})
