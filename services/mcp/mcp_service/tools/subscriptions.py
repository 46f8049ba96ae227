"""Tools on subscriptions and the order of courses (mcp §5.3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from mcp_service.calls.journal import Check, Step, journal
from mcp_service.door.caller import current_caller
from mcp_service.tools.arguments import CourseId
from mcp_service.tools.courses import same
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import CourseBrief, ToolResult, course_brief
from mcp_service.upstream.client import Services


class Unsubscribed(ToolResult):
    """The subscription ended."""

    unsubscribed: Literal[True] = True
    course_id: int


class Reordered(ToolResult):
    """The order that was set."""

    reordered: list[int]


def register(box: ToolRegistry, services: Services) -> None:
    """Add the tools."""
    notes = services.notes

    @box.writing("Subscribe to a course", idempotent=True)
    async def subscribe_course(course_id: CourseId) -> CourseBrief:
        """Subscribe the user to a course, so that it ranks high in lists; again is fine."""
        before = await notes.get(f"courses/{course_id}/")
        after = await notes.post(f"courses/{course_id}/subscribe/")
        journal().touch(course=course_id)
        if before["is_subscribed"]:
            journal().cannot_undo("The user was subscribed before the call.")
        else:
            journal().can_undo(
                Step(service="notes", method="DELETE", path=f"courses/{course_id}/subscribe/"),
                checks=[same(after, "is_subscribed")],
            )
        return course_brief(after)

    @box.writing("End a subscription")
    async def unsubscribe_course(course_id: CourseId) -> Unsubscribed:
        """End the user's subscription of a course; an error when there is none."""
        after = await notes.delete(f"courses/{course_id}/subscribe/")
        journal().touch(course=course_id)
        journal().can_undo(
            Step(service="notes", method="POST", path=f"courses/{course_id}/subscribe/"),
            checks=[same(after, "is_subscribed")],
        )
        return Unsubscribed(course_id=course_id)

    @box.writing("Arrange the courses", idempotent=True)
    async def reorder_courses(
        course_ids: Annotated[
            list[Any], Field(description="Ids in the wanted order", json_schema_extra={"items": {"type": "integer"}})
        ],
    ) -> Reordered:
        """Put the user's own courses in order. Ids that are foreign, unknown or repeated are skipped, and so is the
        Inbox, which always comes first."""
        before = [course["id"] for course in await notes.get("courses/") if _arrangeable(course)]
        wanted = [number for number in course_ids if isinstance(number, int | str) and not isinstance(number, bool)]
        after = {
            course["id"]: course["sort_order"]
            for course in await notes.post("courses/reorder/", {"course_ids": wanted})
            if _arrangeable(course)
        }
        kept = [number for number in dict.fromkeys(map(_number, wanted)) if number in after]
        for number in kept:
            journal().touch(course=number)
        if kept:
            journal().can_undo(
                Step(service="notes", method="POST", path="courses/reorder/", body={"course_ids": before}),
                checks=[
                    Check(service="notes", path=f"courses/{number}/", equals={"sort_order": after[number]})
                    for number in kept
                ],
            )
        return Reordered(reordered=kept)


def _arrangeable(course: dict[str, Any]) -> bool:
    owner = course["owner"] or {}
    return owner.get("id") == current_caller.get().user_id and not course["is_default"]


def _number(value: int | str) -> int:
    try:
        return int(value)
    except ValueError:
        return 0
