"""Links to published calendars, and the calendars themselves, over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from fastapi import Request, Response

from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.errors import Unauthorized
from notechondria_shared.core.timestamps import iso_z, now
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.revalidation import has_tag
from notechondria_shared.web.route import api_router
from planner_service.calendar_links import queries, service, tokens
from planner_service.calendar_links.publish import published
from planner_service.calendar_links.queries import LinkRow
from planner_service.calendar_links.reading import note_reading
from planner_service.calendar_links.schemas import CreateLink, LinkPayload, NewLink
from planner_service.dependencies import Notes, Settings, State
from planner_service.models import CalendarLink
from planner_service.references.service import find_course
from planner_service.settings import PlannerSettings

router = api_router("/api/v1/calendar-links", tags=["calendar links"])
public = api_router(tags=["calendar links"])

UNKNOWN = "This calendar address is not valid, or not any more."
_DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/calendar": {}}},
    304: {"description": "Unchanged"},
    401: {"description": UNKNOWN},
}


def _payload(row: LinkRow) -> LinkPayload:
    return LinkPayload(
        id=row.id,
        name=row.name,
        include_events=row.include_events,
        include_sessions=row.include_sessions,
        include_deadlines=row.include_deadlines,
        course_id=row.course_id,
        alarm_minutes=row.alarm_minutes,
        date_created=iso_z(row.date_created),
        last_edit=iso_z(row.last_edit),
    )


def _new_link(settings: PlannerSettings, link: CalendarLink, token: str) -> NewLink:
    base = settings.public_base_url.rstrip("/")
    return NewLink(**dict(_payload(LinkRow.of(link))), token=token, url=f"{base}/calendar/{token}.ics")


@router.get("/")
async def list_links(caller: LoggedIn, read: ReadSession) -> list[LinkPayload]:
    """Own links by name and id, without their tokens."""
    return [_payload(row) for row in await read.all(queries.LIST, user_id=caller.user_id)]


@router.post("/", status_code=201)
async def create_link(
    caller: LoggedIn, body: CreateLink, settings: Settings, read: ReadSession, notes: Notes, db: WriteSession
) -> NewLink:
    """Make a secret address; this answer is the only one that shows it. 404 for an unknown course."""
    course = await find_course(read, notes, body.course_id)
    return _new_link(settings, *await service.create(db, caller.user_id, body, course, settings.calendar_links_max))


@router.post("/{link_id:id}/regenerate/")
async def regenerate_link(caller: LoggedIn, link_id: int, settings: Settings, db: WriteSession) -> NewLink:
    """A new secret address for a link; the old one is 401 from now on. 404 when unknown or somebody else's."""
    return _new_link(settings, *await service.regenerate(db, caller.user_id, link_id))


@router.delete("/{link_id:id}/", status_code=204)
async def revoke_link(caller: LoggedIn, link_id: int, db: WriteSession) -> None:
    """Remove a link; its address is 401 from now on. 404 when unknown or somebody else's."""
    await service.revoke(db, caller.user_id, link_id)


@public.head("/calendar/{token}.ics", response_class=Response, include_in_schema=False)
@public.get("/calendar/{token}.ics", response_class=Response, responses=_DOCUMENT)
async def read_calendar(request: Request, token: str, read: ReadSession, state: State) -> Response:
    """The calendar under a secret address, RFC 5545; 304 when the caller has it, 401 for a wrong token."""
    link = await read.one(queries.PUBLISHED, digest=tokens.digest(token))
    if not tokens.matches(token, link.token_digest if link else None) or link is None:
        raise Unauthorized(UNKNOWN)
    await note_reading(state.database, link, request.headers.get("user-agent", ""))
    body = await published(read, link, now())
    tag = f'"{await asyncio.to_thread(lambda: hashlib.sha256(body).hexdigest()[:32])}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=300", "X-Robots-Tag": "noindex"}
    if has_tag(request, tag):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="notechondria.ics"'
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)
