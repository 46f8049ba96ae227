"""What the account pages ask beside the endpoints that everybody has."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from notechondria_contracts.internal.planner import OWN_PATH, PlannerNameQuery, PlannerNames
from notechondria_shared.auth import WithSession
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.internal import CalledBy
from planner_service.own_pages import queries

router = APIRouter(prefix=OWN_PATH, include_in_schema=False, dependencies=[Depends(CalledBy("web"))])


@router.post("/names")
async def names(caller: WithSession, query: PlannerNameQuery, read: ReadSession) -> PlannerNames:
    """What own events and feeds are called."""
    events = await read.all(queries.EVENT_NAMES, user_id=caller.user_id, ids=query.event_ids)
    feeds = await read.all(queries.FEED_NAMES, user_id=caller.user_id, ids=query.feed_ids)
    return PlannerNames(
        events={event.id: event.title for event in events}, feeds={feed.id: feed.title for feed in feeds}
    )
