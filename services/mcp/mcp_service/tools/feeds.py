"""Tools on calendar feeds (mcp §5.8)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mcp_service.calls.journal import Check, Step
from mcp_service.tools.arguments import UNSET, FeedId, Id, Limit, Offset, sent
from mcp_service.tools.context import ToolCall
from mcp_service.tools.paging import Paged, page_of
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import FeedBrief, ToolResult
from mcp_service.upstream.client import JsonObject, Refused, UserClient

KEPT = ("title", "source_kind", "source_url", "is_enabled", "course_id")

Title = Annotated[str, Field(description="At most 120 characters")]
Kind = Annotated[Literal["I", "S"], Field(description="I pasted iCal text, S subscribed URL")]
Url = Annotated[str, Field(description="http(s) address of an iCal file; for Google Calendar its secret iCal address")]
Ical = Annotated[str, Field(description="iCal text; it wins over source_url")]
Course = Annotated[Id | None, Field(description="Course of its entries; null for none")]

LISTED = 200


class FeedList(Paged):
    """Calendar feeds."""

    feeds: list[FeedBrief]


class FeedDeleted(ToolResult):
    """The feed is gone."""

    deleted: Literal[True] = True
    feed_id: int


def register(registry: ToolRegistry) -> None:
    """Add the tools."""

    @registry.reading("List calendar feeds")
    async def list_calendar_feeds(call: ToolCall, limit: Limit = LISTED, offset: Offset = 0) -> FeedList:
        """List the calendars whose entries appear in the user's week."""
        rows = await call.planner.rows("calendar-feeds/")
        most = len(rows) if call.is_plain else LISTED
        return FeedList.model_validate(page_of(call, "feeds", rows, limit, offset, most=most))

    @registry.writing("Add a calendar feed", open_world=True)
    async def create_calendar_feed(
        call: ToolCall,
        title: Title,
        source_kind: Kind = "I",
        source_url: Url = UNSET,
        raw_ical: Ical = UNSET,
        is_enabled: bool = True,
        course_id: Course = UNSET,
    ) -> FeedBrief:
        """Show another calendar in the user's week: give source_url with source_kind S to subscribe, or raw_ical with I
        for a copy that never changes. What cannot be read is taken all the same and shows nothing: look at
        get_activity_week afterwards."""
        body = sent(
            title=title,
            source_kind=source_kind,
            source_url=source_url,
            raw_ical=raw_ical,
            is_enabled=is_enabled,
            course_id=course_id,
        )
        made = await call.planner.post("calendar-feeds/", body)
        call.journal.touch(feed=made["id"])
        call.journal.can_undo(
            Step(service="planner", method="DELETE", path=f"calendar-feeds/{made['id']}/"), checks=[unchanged(made)]
        )
        return FeedBrief.model_validate(made)

    @registry.writing("Change a calendar feed", idempotent=True, open_world=True)
    async def update_calendar_feed(
        call: ToolCall,
        feed_id: FeedId,
        title: Title = UNSET,
        source_kind: Kind = UNSET,
        source_url: Url = UNSET,
        raw_ical: Ical = UNSET,
        is_enabled: Annotated[bool, Field(description="False hides its entries")] = UNSET,
        course_id: Course = UNSET,
    ) -> FeedBrief:
        """Change one of the user's calendar feeds; only what is given changes."""
        body = sent(
            title=title,
            source_kind=source_kind,
            source_url=source_url,
            raw_ical=raw_ical,
            is_enabled=is_enabled,
            course_id=course_id,
        )
        path = f"calendar-feeds/{feed_id}/"
        before, after = await call.planner.change_seen("PATCH", path, lambda: _feed(call.planner, feed_id), KEPT, body)
        call.journal.touch(feed=feed_id)
        if "raw_ical" in body:
            call.journal.cannot_undo("The iCal text of before is not kept; paste it again.")
        elif body:
            back = Step(service="planner", method="PATCH", path=path, body=_kept(before))
            call.journal.can_undo(back, checks=[unchanged(after)], before=[unchanged(before)])
        return FeedBrief.model_validate(after)

    @registry.writing("Delete a calendar feed", destructive=True)
    async def delete_calendar_feed(call: ToolCall, feed_id: FeedId) -> FeedDeleted:
        """Remove one of the user's calendar feeds with its entries; pasted text is lost for good. To hide it only,
        update it with is_enabled false."""
        path = f"calendar-feeds/{feed_id}/"
        before, _ = await call.planner.change_seen("DELETE", path, lambda: _feed(call.planner, feed_id), KEPT)
        call.journal.touch(feed=feed_id)
        if before["source_kind"] == "S" and before["source_url"]:
            call.journal.can_undo(Step(service="planner", method="POST", path="calendar-feeds/", body=_kept(before)))
        else:
            call.journal.cannot_undo("The iCal text of the feed is not kept; paste it again.")
        return FeedDeleted(feed_id=feed_id)


async def _feed(planner: UserClient, feed_id: int) -> JsonObject:
    for feed in await planner.rows("calendar-feeds/"):
        if feed["id"] == feed_id:
            return feed
    raise Refused("NotFound", f"the user has no calendar feed {feed_id} (list_calendar_feeds gives ids).", 404)


def unchanged(feed: JsonObject) -> Check:
    """The feed is as this answer left it."""
    return Check(service="planner", path="calendar-feeds/", row=FeedBrief.model_validate(feed).id, equals=_kept(feed))


def _kept(feed: JsonObject) -> JsonObject:
    return {**{name: feed[name] for name in KEPT}, "source_url": feed["source_url"] or ""}
