"""Tools on subscriptions and the order of courses (mcp §5.3)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mcp_service.calls.journal import Check, Step
from mcp_service.tools.arguments import CourseId
from mcp_service.tools.context import ToolCall
from mcp_service.tools.courses import same
from mcp_service.tools.ownership import owner_id
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import CourseBrief, ToolResult
from mcp_service.upstream.client import JsonObject


class Unsubscribed(ToolResult):
    """The subscription ended."""

    unsubscribed: Literal[True] = True
    course_id: int


class Reordered(ToolResult):
    """The order that was set."""

    reordered: list[int]


def register(registry: ToolRegistry) -> None:
    """Add the tools."""

    @registry.writing("Subscribe to a course", idempotent=True)
    async def subscribe_course(call: ToolCall, course_id: CourseId) -> CourseBrief:
        """Subscribe the user to a course, so that it ranks high in lists; again is fine."""
        before = await call.notes.get(f"courses/{course_id}/")
        after = await call.notes.post(f"courses/{course_id}/subscribe/")
        call.journal.touch(course=course_id)
        if before["is_subscribed"]:
            call.journal.cannot_undo("The user was subscribed before the call.")
        else:
            call.journal.can_undo(
                Step(service="notes", method="DELETE", path=f"courses/{course_id}/subscribe/"),
                checks=[same(after, "is_subscribed")],
            )
        return CourseBrief.model_validate(after)

    @registry.writing("End a subscription")
    async def unsubscribe_course(call: ToolCall, course_id: CourseId) -> Unsubscribed:
        """End the user's subscription of a course; an error when there is none."""
        after = await call.notes.delete(f"courses/{course_id}/subscribe/")
        call.journal.touch(course=course_id)
        call.journal.can_undo(
            Step(service="notes", method="POST", path=f"courses/{course_id}/subscribe/"),
            checks=[same(after, "is_subscribed")],
        )
        return Unsubscribed(course_id=course_id)

    @registry.writing("Arrange the courses", idempotent=True)
    async def reorder_courses(
        call: ToolCall,
        course_ids: Annotated[
            list[object], Field(description="Ids in the wanted order", json_schema_extra={"items": {"type": "integer"}})
        ],
    ) -> Reordered:
        """Put the user's own courses in order. Ids that are foreign, unknown or repeated are skipped, and so is the
        Inbox, which always comes first."""
        before = [course["id"] for course in await call.notes.rows("courses/") if _can_arrange(course, call)]
        ids = [number for number in course_ids if isinstance(number, int | str) and not isinstance(number, bool)]
        after = {
            course["id"]: course["sort_order"]
            for course in await call.notes.post_rows("courses/reorder/", {"course_ids": [*ids]})
            if _can_arrange(course, call)
        }
        kept = [number for number in dict.fromkeys(map(_number, ids)) if number in after]
        for number in kept:
            call.journal.touch(course=number)
        if kept:
            call.journal.can_undo(
                Step(service="notes", method="POST", path="courses/reorder/", body={"course_ids": before}),
                checks=[
                    Check(service="notes", path=f"courses/{number}/", equals={"sort_order": after[number]})
                    for number in kept
                ],
            )
        return Reordered(reordered=kept)


def _can_arrange(course: JsonObject, call: ToolCall) -> bool:
    return owner_id(course) == call.agent.user_id and not course["is_default"]


def _number(value: int | str) -> int:
    try:
        return int(value)
    except ValueError:
        return 0
