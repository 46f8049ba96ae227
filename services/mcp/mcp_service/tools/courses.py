"""Tools on courses (mcp §5.3)."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import Field

from mcp_service.calls.journal import Check, Step
from mcp_service.tools.arguments import UNSET, CourseId, Limit, Offset, Whole, sent
from mcp_service.tools.consent import Answer, Consent, asked, must_agree
from mcp_service.tools.context import ToolCall
from mcp_service.tools.ownership import owner_id
from mcp_service.tools.paging import Paged, page_of
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import CourseBrief, NoteBrief, NoteList, ToolResult
from mcp_service.upstream.client import JsonObject, Refused

SHOWN = 20
LISTED = 200
INBOX_STAYS = "BadArgument: the Inbox cannot be deleted by an agent."


async def _ask(call: ToolCall, course_id: int) -> Answer | Elicit[Answer]:
    async def question() -> str:
        course = await call.notes.get(f"courses/{course_id}/")
        return f'Delete the course "{course["title"]}" for good? Its notes move to the Inbox.'

    return await asked(call, question)


CourseConsent = Annotated[Consent, Resolve(_ask)]
Icon = Annotated[Whole | None, Field(description="Code point of a Material icon")]
Title = Annotated[str, Field(description="At most 120 characters, not used by another course of the user")]


class CourseList(Paged):
    """Courses."""

    courses: list[CourseBrief]


class CourseWithNotes(CourseBrief):
    """A course and its newest notes."""

    notes: list[NoteBrief]


class CourseNotes(NoteList, Paged):
    """Notes of a course."""

    course_id: int


class CourseDeleted(ToolResult):
    """The course is gone."""

    deleted: Literal[True] = True
    notes_moved_to: int = UNSET


def register(registry: ToolRegistry) -> None:
    """Add the tools."""

    @registry.reading("List courses")
    async def list_courses(call: ToolCall, limit: Limit = LISTED, offset: Offset = 0) -> CourseList:
        """List the courses (categories that notes and events are filed in): the user's own, and those of other users,
        which cannot be changed. is_default marks the Inbox."""
        rows = await call.notes.rows("courses/")
        most = len(rows) if call.is_plain else LISTED
        return CourseList.model_validate(page_of(call, "courses", rows, limit, offset, most=most))

    @registry.reading("Read a course")
    async def get_course(call: ToolCall, course_id: CourseId) -> CourseWithNotes:
        """Read a course with its up to 20 last edited notes; list_course_notes gives more."""
        course = await call.notes.get(f"courses/{course_id}/")
        listed = await call.notes.rows(f"courses/{course_id}/notes/")
        return CourseWithNotes.model_validate({**course, "notes": listed[:SHOWN]})

    @registry.reading("List the notes of a course")
    async def list_course_notes(
        call: ToolCall, course_id: CourseId, limit: Limit = 50, offset: Offset = 0
    ) -> CourseNotes:
        """List up to 200 notes of a course, last edited first; of somebody else's course only what is public."""
        listed = await call.notes.rows(f"courses/{course_id}/notes/")
        page = page_of(call, "notes", listed, limit, offset, most=LISTED)
        return CourseNotes.model_validate({**page, "course_id": course_id})

    @registry.writing("Create a course")
    async def create_course(
        call: ToolCall,
        title: Title,
        description: str = UNSET,
        icon: Icon = UNSET,
    ) -> CourseBrief:
        """Create a course of the user. List courses first: a title can be used only once."""
        made = await call.notes.post("courses/", sent(title=title, description=description, icon=icon))
        call.journal.touch(course=made["id"])
        if made["is_default"]:
            call.journal.cannot_undo("The Inbox was there already; nothing was created.")
        else:
            call.journal.can_undo(
                Step(service="notes", method="DELETE", path=f"courses/{made['id']}/"),
                checks=[same(made, "title", "description", "icon"), same(made, "recent_notes")],
            )
        return CourseBrief.model_validate(made)

    @registry.writing("Change a course", idempotent=True)
    async def update_course(
        call: ToolCall,
        course_id: CourseId,
        title: Title = UNSET,
        description: str = UNSET,
        icon: Icon = UNSET,
    ) -> CourseBrief:
        """Change one of the user's own courses; only what is given changes. The Inbox keeps its name."""
        body = sent(title=title, description=description, icon=icon)
        path = f"courses/{course_id}/"
        before, after = await call.notes.change_seen("PATCH", path, lambda: call.notes.get(path), tuple(body), body)
        call.journal.touch(course=course_id)
        call.journal.about(before["title"])
        if body:
            back = {name: before[name] for name in body}
            call.journal.can_undo(
                Step(service="notes", method="PATCH", path=f"courses/{course_id}/", body=back),
                checks=[same(after, *body)],
            )
        return CourseBrief.model_validate(after)

    @registry.writing("Delete a course", destructive=True)
    async def delete_course(call: ToolCall, course_id: CourseId, consent: CourseConsent) -> CourseDeleted:
        """Delete one of the user's own courses for good; its notes move to the Inbox, whose id comes back. Ask the user
        before you call this. The Inbox itself cannot be deleted."""
        must_agree(consent)
        call.journal.about((await _deletable(call, course_id))["title"])
        await call.notes.delete(f"courses/{course_id}/")
        call.journal.touch(course=course_id)
        call.journal.cannot_undo("A course is deleted for good; its notes lie in the Inbox.")
        inbox = await _inbox(call)
        return CourseDeleted() if inbox is None else CourseDeleted(notes_moved_to=inbox)


def same(course: JsonObject, *fields: str) -> Check:
    """The course still has these values."""
    return Check(service="notes", path=f"courses/{course['id']}/", equals={name: course[name] for name in fields})


async def _deletable(call: ToolCall, course_id: int) -> JsonObject:
    """The course; the caller's Inbox is refused. The person may delete it (apps §5), and loses the course of what is
    filed nowhere."""
    course = await call.notes.get(f"courses/{course_id}/")
    if course["is_default"] and owner_id(course) == call.agent.user_id:
        raise ToolError(INBOX_STAYS)
    return course


async def _inbox(call: ToolCall) -> int | None:
    """The id of the caller's Inbox: the default course with the lowest id; None when there is none to be seen."""
    try:
        rows = await call.notes.rows("courses/")
    except Refused:
        return None
    own = CourseBrief.list_of(course for course in rows if owner_id(course) == call.agent.user_id)
    return min((course.id for course in own if course.is_default), default=None)
