"""Resources: a note by its uuid, a course by its id, a week by its first day."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp_types import Resource
from pydantic_core import to_json

from mcp_service.agent import Agent, agent_of
from mcp_service.tools.local_days import local_week
from mcp_service.tools.local_time import local_day, zone_of
from mcp_service.tools.ownership import owner_id, visible_note
from mcp_service.tools.schemas import CourseBrief, NoteBrief
from mcp_service.upstream.client import Refused, UserServices

NOTE, COURSE, WEEK = (
    "notechondria://notes/{uuid}",
    "notechondria://courses/{course_id}",
    "notechondria://week/{start_date}",
)
RECENT = 20
WEEK_DAYS = 7
ResourceContext = Context[object, object]


def register(server: MCPServer[object]) -> None:
    """Add the templates."""

    @server.resource(NOTE, title="Note", description="The text of a note", mime_type="text/markdown")
    async def note(ctx: ResourceContext, uuid: str) -> str:
        try:
            identifier = UUID(uuid)
        except ValueError:
            message = f"{uuid[:60]!r} is no uuid"
            raise ResourceNotFoundError(message) from None
        try:
            row = await visible_note(_services(ctx).notes, identifier)
        except Refused as refusal:
            raise _unread(refusal) from None
        return str(row["content"])

    @server.resource(
        COURSE, title="Course", description="A course and its last edited notes", mime_type="application/json"
    )
    async def course(ctx: ResourceContext, course_id: str) -> str:
        if not (course_id.isascii() and course_id.isdigit() and len(course_id) <= 18):
            message = f"{course_id[:60]!r} is no course id"
            raise ResourceNotFoundError(message)
        notes = _services(ctx).notes
        try:
            row = await notes.get(f"courses/{course_id}/")
            listed = await notes.rows(f"courses/{course_id}/notes/")
        except Refused as refusal:
            raise _unread(refusal) from None
        shown = CourseBrief.model_validate(row).model_dump()
        return to_json({**shown, "notes": [note.model_dump() for note in NoteBrief.list_of(listed)]}).decode()

    @server.resource(
        WEEK, title="Week", description="Seven days from a date (YYYY-MM-DD) on", mime_type="application/json"
    )
    async def week(ctx: ResourceContext, start_date: str) -> str:
        try:
            first = date.fromisoformat(start_date)
        except ValueError:
            message = f"{start_date[:60]!r} is no date (YYYY-MM-DD)"
            raise ResourceNotFoundError(message) from None
        services = _services(ctx)
        try:
            days = await local_week(services.planner, first, WEEK_DAYS, await zone_of(services.identity))
        except Refused as refusal:
            raise _unread(refusal) from None
        return to_json(days).decode()


async def current(agent: Agent) -> list[Resource]:
    """This week, the user's own courses and the notes last edited, as resources; what is away is left out."""
    present = local_day(await zone_of(agent.services.identity))
    monday = present - timedelta(days=present.weekday())
    listed = [
        Resource(uri=WEEK.format(start_date=monday), name="this-week", title="This week", mime_type="application/json")
    ]
    notes = agent.services.notes
    try:
        own = [row for row in await notes.rows("courses/") if owner_id(row) == agent.user_id]
        for course in CourseBrief.list_of(own):
            uri = COURSE.format(course_id=course.id)
            listed.append(Resource(uri=uri, name=course.slug, title=course.title, mime_type="application/json"))
        _, rows = await notes.page("notes/", fields="brief", scope="personal", limit=RECENT)
    except Refused:
        return listed
    return [*listed, *map(_listed_note, NoteBrief.list_of(rows))]


def _listed_note(note: NoteBrief) -> Resource:
    return Resource(
        uri=NOTE.format(uuid=note.uuid),
        name=f"note-{note.id}",
        title=note.title,
        description=note.description or None,
        mime_type="text/markdown",
    )


def _services(ctx: ResourceContext) -> UserServices:
    return agent_of(ctx.request_context.request).services


def _unread(refusal: Refused) -> ResourceError:
    missing = refusal.status in {400, 403, 404}
    return ResourceNotFoundError(refusal.cause) if missing else ResourceError(str(refusal))
