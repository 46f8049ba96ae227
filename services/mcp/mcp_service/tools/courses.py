"""Tools on courses (mcp §5.3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import Field

from mcp_service.calls.journal import Check, Step, journal
from mcp_service.door.caller import current_caller
from mcp_service.tools.arguments import UNSET, CourseId, Whole, given
from mcp_service.tools.consent import Answer, Consent, asked, must_agree
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import (
    CourseBrief,
    NoteBrief,
    NoteList,
    ToolResult,
    course_brief,
    course_fields,
    note_brief,
)
from mcp_service.upstream.client import Refused, Services, Upstream

SHOWN = 20
LISTED = 200


async def _ask(ctx: Context[Any, Any], course_id: int) -> Answer | Elicit[Answer]:
    async def question(services: Services) -> str:
        course = await services.notes.get(f"courses/{course_id}/")
        return f'Delete the course "{course["title"]}" for good? Its notes move to the Inbox.'

    return await asked(ctx, question)


CourseConsent = Annotated[Consent, Resolve(_ask)]
Icon = Annotated[Whole | None, Field(description="Code point of a Material icon")]
Title = Annotated[str, Field(description="At most 120 characters, not used by another course of the user")]


class CourseList(ToolResult):
    """Courses."""

    courses: list[CourseBrief]


class CourseWithNotes(CourseBrief):
    """A course and its newest notes."""

    notes: list[NoteBrief]


class CourseNotes(NoteList):
    """Notes of a course."""

    course_id: int


class CourseDeleted(ToolResult):
    """The course is gone."""

    deleted: Literal[True] = True
    notes_moved_to: int = UNSET


def register(box: ToolRegistry, services: Services) -> None:
    """Add the tools."""
    notes = services.notes

    @box.reading("List courses")
    async def list_courses() -> CourseList:
        """List the courses (categories that notes and events are filed in): the user's own, and those of other users,
        which cannot be changed. is_default marks the Inbox."""
        return CourseList(courses=[course_brief(course) for course in await notes.get("courses/")])

    @box.reading("Read a course")
    async def get_course(course_id: CourseId) -> CourseWithNotes:
        """Read a course with its up to 20 last edited notes; list_course_notes gives more."""
        course = await notes.get(f"courses/{course_id}/")
        listed = await notes.get(f"courses/{course_id}/notes/")
        return CourseWithNotes(**{**course_fields(course), "notes": [note_brief(note) for note in listed[:SHOWN]]})

    @box.reading("List the notes of a course")
    async def list_course_notes(course_id: CourseId) -> CourseNotes:
        """List up to 200 notes of a course, last edited first; of somebody else's course only what is public."""
        listed = await notes.get(f"courses/{course_id}/notes/")
        return CourseNotes(course_id=course_id, notes=[note_brief(note) for note in listed[:LISTED]])

    @box.writing("Create a course")
    async def create_course(
        title: Title,
        description: str = UNSET,
        icon: Icon = UNSET,
    ) -> CourseBrief:
        """Create a course of the user. List courses first: a title can be used only once."""
        made = await notes.post("courses/", given(title=title, description=description, icon=icon))
        journal().touch(course=made["id"])
        if made["is_default"]:
            journal().cannot_undo("The Inbox was there already; nothing was created.")
        else:
            journal().can_undo(
                Step(service="notes", method="DELETE", path=f"courses/{made['id']}/"),
                checks=[same(made, "title", "description", "icon"), same(made, "recent_notes")],
            )
        return course_brief(made)

    @box.writing("Change a course", idempotent=True)
    async def update_course(
        course_id: CourseId,
        title: Title = UNSET,
        description: str = UNSET,
        icon: Icon = UNSET,
    ) -> CourseBrief:
        """Change one of the user's own courses; only what is given changes. The Inbox keeps its name."""
        body = given(title=title, description=description, icon=icon)
        path = f"courses/{course_id}/"
        before, after = await notes.change_seen("PATCH", path, lambda: notes.get(path), tuple(body), json=body)
        journal().touch(course=course_id)
        if body:
            back = {name: before[name] for name in body}
            journal().can_undo(
                Step(service="notes", method="PATCH", path=f"courses/{course_id}/", body=back),
                checks=[same(after, *body)],
            )
        return course_brief(after)

    @box.writing("Delete a course", destructive=True)
    async def delete_course(course_id: CourseId, consent: CourseConsent) -> CourseDeleted:
        """Delete one of the user's own courses for good; its notes move to the Inbox, whose id comes back. Ask the user
        before you call this. The Inbox itself cannot be deleted."""
        must_agree(consent)
        await notes.delete(f"courses/{course_id}/")
        journal().touch(course=course_id)
        journal().cannot_undo("A course is deleted for good; its notes lie in the Inbox.")
        try:
            return CourseDeleted(notes_moved_to=await _inbox(notes))
        except Refused:
            return CourseDeleted()


def same(course: dict[str, Any], *fields: str) -> Check:
    """The course still has these values."""
    return Check(service="notes", path=f"courses/{course['id']}/", equals={name: course[name] for name in fields})


async def _inbox(notes: Upstream) -> int:
    """The id of the caller's Inbox: the default course with the lowest id."""
    mine = current_caller.get().user_id
    return min(
        int(course["id"])
        for course in await notes.get("courses/")
        if course["is_default"] and (course["owner"] or {}).get("id") == mine
    )
