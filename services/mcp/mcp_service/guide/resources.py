"""Resources: a note by its uuid, a course by its id, a week by its first day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp_types import Resource
from pydantic_core import to_json

from mcp_service.door.caller import current_caller
from mcp_service.tools.own import visible_note
from mcp_service.tools.schemas import course_brief, note_brief
from mcp_service.upstream.client import Refused, Services, Upstream
from notechondria_shared.core.timestamps import today

NOTE, COURSE, WEEK = (
    "notechondria://notes/{uuid}",
    "notechondria://courses/{course_id}",
    "notechondria://week/{start_date}",
)
RECENT = 20


def register(server: MCPServer[Any], services: Services) -> None:
    """Add the templates."""

    @server.resource(NOTE, title="Note", description="The text of a note", mime_type="text/markdown")
    async def note(uuid: str) -> str:
        try:
            wanted = UUID(uuid)
        except ValueError:
            message = f"{uuid[:60]!r} is no uuid"
            raise ResourceNotFoundError(message) from None
        try:
            found = await visible_note(services.notes, wanted)
        except Refused as refusal:
            raise _unread(refusal) from None
        return str(found["content"])

    @server.resource(
        COURSE, title="Course", description="A course and its last edited notes", mime_type="application/json"
    )
    async def course(course_id: str) -> str:
        if not (course_id.isascii() and course_id.isdigit() and len(course_id) <= 18):
            message = f"{course_id[:60]!r} is no course id"
            raise ResourceNotFoundError(message)
        found = await _get(services.notes, f"courses/{course_id}/")
        listed = await _get(services.notes, f"courses/{course_id}/notes/")
        return _text({**course_brief(found).model_dump(), "notes": [note_brief(row).model_dump() for row in listed]})

    @server.resource(
        WEEK, title="Week", description="Seven days from a date (YYYY-MM-DD) on", mime_type="application/json"
    )
    async def week(start_date: str) -> str:
        try:
            first = date.fromisoformat(start_date)
        except ValueError:
            message = f"{start_date[:60]!r} is no date (YYYY-MM-DD)"
            raise ResourceNotFoundError(message) from None
        return _text(await _get(services.planner, "activity/week/", start_date=first.isoformat()))


async def current(services: Services) -> list[Resource]:
    """This week, the user's own courses and the notes last edited, as resources; what is away is left out."""
    monday = today() - timedelta(days=today().weekday())
    listed = [
        Resource(uri=WEEK.format(start_date=monday), name="this-week", title="This week", mime_type="application/json")
    ]
    try:
        mine = current_caller.get().user_id
        for found in await services.notes.get("courses/"):
            if (found["owner"] or {}).get("id") == mine:
                uri = COURSE.format(course_id=found["id"])
                listed.append(Resource(uri=uri, name=found["slug"], title=found["title"], mime_type="application/json"))
        page = await services.notes.get("notes/", scope="personal", limit=RECENT)
    except Refused:
        return listed
    return [*listed, *map(_listed_note, page["results"])]


def _listed_note(found: dict[str, Any]) -> Resource:
    return Resource(
        uri=NOTE.format(uuid=found["uuid"]),
        name=f"note-{found['id']}",
        title=found["title"],
        description=found["description"] or None,
        mime_type="text/markdown",
    )


async def _get(service: Upstream, path: str, **params: Any) -> Any:
    try:
        return await service.get(path, **params)
    except Refused as refusal:
        raise _unread(refusal) from None


def _unread(refusal: Refused) -> ResourceError:
    missing = refusal.status in {400, 403, 404}
    return ResourceNotFoundError(refusal.cause) if missing else ResourceError(str(refusal))


def _text(value: Any) -> str:
    return to_json(value).decode()
