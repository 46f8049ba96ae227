"""Links to published calendars, and the calendars themselves, over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.errors import Unauthorized
from notechondria_shared.core.timestamps import iso_z, now
from notechondria_shared.web import read_body
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from planner_service.calendar_links import queries, service, tokens
from planner_service.calendar_links.publish import published
from planner_service.calendar_links.schemas import CreateLink, LinkPayload, NewLink
from planner_service.models import CalendarLink
from planner_service.references.notes import Notes
from planner_service.references.service import find_course

router = APIRouter(prefix="/api/v1/calendar-links", tags=["calendar links"])
public = APIRouter(tags=["calendar links"])

UNKNOWN = "This calendar address is not valid, or not any more."
_DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/calendar": {}}},
    304: {"description": "Unchanged"},
    401: {"description": UNKNOWN},
}


def _payload(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "date_created": iso_z(row["date_created"]), "last_edit": iso_z(row["last_edit"])}


def _shown_once(request: Request, link: CalendarLink, token: str) -> dict[str, Any]:
    base: str = request.app.state.settings.public_base_url.rstrip("/")
    row = {column.key: getattr(link, column.key) for column in queries.COLUMNS}
    return {**_payload(row), "token": token, "url": f"{base}/calendar/{token}.ics"}


@router.get("/", response_model=list[LinkPayload])
async def list_links(caller: LoggedIn, read: ReadSession) -> list[dict[str, Any]]:
    """Own links by name and id, without their tokens."""
    return [_payload(row) for row in await read.all(queries.LIST, user_id=caller.user_id)]


@router.post("/", status_code=201, response_model=NewLink)
async def create_link(
    caller: LoggedIn,
    wanted: Annotated[CreateLink, read_body(CreateLink)],
    request: Request,
    read: ReadSession,
    notes: Notes,
    db: WriteSession,
) -> dict[str, Any]:
    """Make a secret address; this answer is the only one that shows it. 404 for an unknown course."""
    course = await find_course(read, notes, wanted.course_id)
    return _shown_once(request, *await service.create(db, caller.user_id, wanted, course))


@router.post("/{link_id:id}/regenerate/", response_model=NewLink)
async def regenerate_link(caller: LoggedIn, link_id: int, request: Request, db: WriteSession) -> dict[str, Any]:
    """A new secret address for a link; the old one is 401 from now on. 404 when unknown or somebody else's."""
    return _shown_once(request, *await service.regenerate(db, caller.user_id, link_id))


@router.delete("/{link_id:id}/", status_code=204)
async def revoke_link(caller: LoggedIn, link_id: int, db: WriteSession) -> None:
    """Remove a link; its address is 401 from now on. 404 when unknown or somebody else's."""
    await service.revoke(db, caller.user_id, link_id)


@public.head("/calendar/{token}.ics", response_class=Response, include_in_schema=False)
@public.get("/calendar/{token}.ics", response_class=Response, responses=_DOCUMENT)
async def read_calendar(request: Request, token: str, read: ReadSession) -> Response:
    """The calendar under a secret address, RFC 5545; 304 when the caller has it, 401 for a wrong token."""
    link = await read.one(queries.PUBLISHED, digest=tokens.digest(token))
    if not tokens.matches(token, link["token_digest"] if link else None) or link is None:
        raise Unauthorized(UNKNOWN)
    host = urlsplit(request.app.state.settings.public_base_url).hostname or "notechondria"
    body = await published(read, link, host, now())
    tag = f'"{await asyncio.to_thread(lambda: hashlib.sha256(body).hexdigest()[:32])}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=300", "X-Robots-Tag": "noindex"}
    known = {given.strip().removeprefix("W/") for given in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="notechondria.ics"'
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)
