"""What the account pages ask beside the endpoints that everybody has."""

from __future__ import annotations

from fastapi import Depends

from notechondria_contracts.internal.planner import (
    OWN_PATH,
    NextEvent,
    OwnCalendars,
    OwnCourse,
    OwnFeed,
    OwnLink,
    PlannerNameQuery,
    PlannerNames,
    PlannerOverview,
)
from notechondria_shared.auth import WithSession
from notechondria_shared.core.timestamps import iso_offset, iso_offset_or_none, today
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.router import Router
from planner_service.calendar_feeds import queries as feed_queries
from planner_service.calendar_feeds.payload import feed_payload
from planner_service.heatmap.service import heatmap
from planner_service.internal.queries import UPCOMING
from planner_service.internal.routes import DAYS_BACK
from planner_service.own_pages import queries

router = Router(prefix=OWN_PATH, include_in_schema=False, dependencies=[Depends(CalledBy("web"))])


@router.post("/names")
async def names(caller: WithSession, query: PlannerNameQuery, read: ReadSession) -> PlannerNames:
    """What own events and feeds are called."""
    events = await read.all(queries.EVENT_NAMES, user_id=caller.user_id, ids=query.event_ids)
    feeds = await read.all(queries.FEED_NAMES, user_id=caller.user_id, ids=query.feed_ids)
    return PlannerNames(
        events={event.id: event.title for event in events}, feeds={feed.id: feed.title for feed in feeds}
    )


@router.get("/calendars")
async def calendars(caller: WithSession, read: ReadSession) -> OwnCalendars:
    """Own links with who read them last, own feeds with their health, and the courses that a link may be of."""
    links = await read.all(queries.LINKS, user_id=caller.user_id)
    feeds = await read.all(feed_queries.LIST, user_id=caller.user_id)
    courses = await read.all(queries.COURSES, user_id=caller.user_id)
    return OwnCalendars(
        links=[
            OwnLink(
                id=link.id,
                name=link.name,
                include_events=link.include_events,
                include_sessions=link.include_sessions,
                include_deadlines=link.include_deadlines,
                course=(link.course or "") if link.is_of_course else None,
                alarm_minutes=link.alarm_minutes,
                date_created=iso_offset(link.date_created),
                last_read_at=iso_offset_or_none(link.last_read_at),
                last_read_by=link.last_read_by,
            )
            for link in links
        ],
        feeds=[OwnFeed.model_validate(feed_payload(row), from_attributes=True) for row in feeds],
        courses=[OwnCourse(id=course.id, title=course.title) for course in courses],
    )


@router.get("/overview")
async def overview(caller: WithSession, read: ReadSession) -> PlannerOverview:
    """The past year day by day (planner §7), the next events, and the feeds that cannot be read."""
    day = today()
    year = await heatmap(read, caller.user_id, day, DAYS_BACK, 1)
    upcoming = await read.all(UPCOMING, user_id=caller.user_id, today=day)
    failing = await read.all(queries.FAILING, user_id=caller.user_id)
    return PlannerOverview(
        first_day=year["start_date"],
        intensities=[cell["intensity"] for cell in year["cells"] if cell["kind"] != "future"],
        upcoming=[
            NextEvent(
                id=row.id, title=row.title, event_date=row.event_date.isoformat(), starts_at=iso_offset(row.starts_at)
            )
            for row in upcoming
        ],
        failing_feeds=[row.title for row in failing],
    )
