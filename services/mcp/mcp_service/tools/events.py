"""Tools on planner events (mcp §5.5)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import Field

from mcp_service.calls.journal import Check, Step
from mcp_service.tools.arguments import UNSET, EventId, Id, Offset, Whole, sent, within
from mcp_service.tools.consent import Answer, Consent, asked, must_agree
from mcp_service.tools.context import ToolCall
from mcp_service.tools.forms import ADDED, later
from mcp_service.tools.local_days import TIMES, local_row, on_day, widened, within_days
from mcp_service.tools.local_time import day_in, placed, zone_of
from mcp_service.tools.paging import Paged, page_of
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import LATER, EventBrief, ToolResult
from mcp_service.upstream.client import JsonObject
from notechondria_shared.core.zones import UTC_ZONE

MOST = 200
RECURRENCE = ("recurrence_freq", "recurrence_interval", "recurrence_end_date", "recurrence_count")
KEPT = (
    "title",
    "event_date",
    "starts_at",
    "ends_at",
    "difficulty_weight",
    "description",
    "course_id",
    "is_completed",
    "completed_at",
    *RECURRENCE,
)
"""All a user can say of an event: what taking back a change or a deletion puts in place again."""


async def _ask(call: ToolCall, event_id: int) -> Answer | Elicit[Answer]:
    async def question() -> str:
        event = await call.planner.get(f"planner-events/{event_id}/")
        return f'Delete the event "{event["title"]}" of {event["event_date"]} for good?'

    return await asked(call, question)


EventConsent = Annotated[Consent, Resolve(_ask)]
Start = Annotated[
    str,
    Field(
        description="Full ISO date-time with the user's offset, e.g. 2026-05-06T14:00:00+02:00; no offset is UTC",
        json_schema_extra=later("Full date-time, in the user's own zone where it has no offset", "2026-05-06T14:00"),
    ),
]
End = Annotated[str, Field(description="Full ISO date-time; default: one hour after starts_at")]
TimestampOrNone = Annotated[str | None, Field(description="Full ISO date-time; null for the default")]
Weight = Annotated[Whole, Field(description="Importance, 1 to 4")]
Text = Annotated[str, Field(description="At most 255 characters")]
Frequency = Annotated[Literal["N", "W", "M", "Y"], Field(description="N once, W weekly, M monthly, Y yearly")]
Interval = Annotated[Whole, Field(description="Every n periods")]
LastDay = Annotated[str | None, Field(description="Last day, YYYY-MM-DD")]
Count = Annotated[Whole | None, Field(description="How often in all")]


class EventList(Paged):
    """Planner events, with times in this zone."""

    events: list[EventBrief]
    timezone: Annotated[str, LATER] = UNSET


class EventDeleted(ToolResult):
    """The event is gone."""

    deleted: Literal[True] = True
    event_id: int


def register(registry: ToolRegistry) -> None:
    """Add the tools."""

    @registry.reading("List events")
    async def list_events(
        call: ToolCall,
        include_completed: Annotated[bool, Field(description="True also lists what is done")] = False,
        limit: Annotated[Whole, Field(description="At most 200")] = 50,
        offset: Offset = 0,
        from_date: Annotated[str, Field(description="First day, YYYY-MM-DD", json_schema_extra=ADDED)] = UNSET,
        to_date: Annotated[str, Field(description="Last day, YYYY-MM-DD", json_schema_extra=ADDED)] = UNSET,
    ) -> EventList:
        """List the user's planner events (tasks, deadlines, appointments) by date. List before you create several, and
        create only what is missing."""
        done = "1" if include_completed else None
        if call.is_plain:
            rows = await call.planner.rows("planner-events/", include_completed=done, limit=within(limit, 1, MOST))
            return EventList(events=EventBrief.list_of(rows))
        days = _day("from_date", from_date), _day("to_date", to_date)
        since, until = widened(*days)
        rows = await call.planner.rows("planner-events/", include_completed=done, since=since, until=until)
        zone = await zone_of(call.identity)
        local = within_days([local_row(row, zone) for row in rows], *days)
        page = page_of(call, "events", local, limit, offset, most=MOST)
        return EventList.model_validate({**page, "timezone": zone.key})

    @registry.writing("Create an event")
    async def create_event(
        call: ToolCall,
        *,
        title: Annotated[str, Field(description="At most 120 characters")],
        event_date: Annotated[
            str,
            Field(
                description="YYYY-MM-DD; starts_at wins over it",
                json_schema_extra=later("YYYY-MM-DD; starts_at wins over it", "2026-05-06"),
            ),
        ],
        starts_at: Start = UNSET,
        ends_at: End = UNSET,
        difficulty_weight: Weight = 1,
        description: Text = UNSET,
        course_id: Annotated[Id, Field(description="Course it belongs to, from list_courses")] = UNSET,
        recurrence_freq: Frequency = "N",
        recurrence_interval: Interval = 1,
        recurrence_end_date: LastDay = UNSET,
        recurrence_count: Count = UNSET,
    ) -> EventBrief:
        """Create a planner event; title and date are enough for a task (it then lasts from 12:00 to 13:00 UTC). Never
        pass a bare clock time: starts_at and ends_at are full date-times. List events before you create several."""
        body = sent(
            title=title,
            event_date=event_date,
            starts_at=starts_at,
            ends_at=ends_at,
            difficulty_weight=difficulty_weight,
            description=description,
            course_id=course_id,
            recurrence_freq=recurrence_freq,
            recurrence_interval=recurrence_interval,
            recurrence_end_date=recurrence_end_date,
            recurrence_count=recurrence_count,
        )
        zone = await _zone(call)
        made = await call.planner.post("planner-events/", placed(body, TIMES, zone))
        call.journal.touch(event=made["id"])
        call.journal.can_undo(
            Step(service="planner", method="DELETE", path=f"planner-events/{made['id']}/"), checks=[unchanged(made)]
        )
        return _answer(call, made, zone)

    @registry.writing("Change an event", idempotent=True)
    async def update_event(
        call: ToolCall,
        *,
        event_id: EventId,
        title: Annotated[str, Field(description="At most 120 characters")] = UNSET,
        event_date: Annotated[str, Field(description="YYYY-MM-DD; alone it moves the whole event")] = UNSET,
        starts_at: TimestampOrNone = UNSET,
        ends_at: TimestampOrNone = UNSET,
        difficulty_weight: Weight = UNSET,
        description: Text = UNSET,
        course_id: Annotated[Id | None, Field(description="null for no course")] = UNSET,
        is_completed: Annotated[bool, Field(description="True when it is done")] = UNSET,
        recurrence_freq: Frequency = UNSET,
        recurrence_interval: Interval = UNSET,
        recurrence_end_date: LastDay = UNSET,
        recurrence_count: Count = UNSET,
    ) -> EventBrief:
        """Change one of the user's events; only what is given changes. Set is_completed when something is done rather
        than deleting it. To reschedule, give starts_at and ends_at, or event_date alone to keep the time of day."""
        body = sent(
            title=title,
            event_date=event_date,
            starts_at=starts_at,
            ends_at=ends_at,
            difficulty_weight=difficulty_weight,
            description=description,
            course_id=course_id,
            is_completed=is_completed,
            recurrence_freq=recurrence_freq,
            recurrence_interval=recurrence_interval,
            recurrence_end_date=recurrence_end_date,
            recurrence_count=recurrence_count,
        )
        zone = await _zone(call)
        body = placed(body, TIMES, zone)
        path = f"planner-events/{event_id}/"

        def change(event: JsonObject) -> JsonObject:
            return body if "event_date" not in body or call.is_plain else _on_utc_day(body, event, zone)

        before, answer = await call.planner.change_made(
            "PATCH", path, lambda: call.planner.get(path), KEPT, change, always=True
        )
        after = answer or before
        call.journal.touch(event=event_id)
        call.journal.about(before["title"])
        if body:
            call.journal.can_undo(
                Step(service="planner", method="PATCH", path=path, body=_kept(before)),
                checks=[unchanged(after)],
                before=[unchanged(before)],
            )
        return _answer(call, after, zone)

    @registry.writing("Delete an event", destructive=True)
    async def delete_event(call: ToolCall, event_id: EventId, consent: EventConsent) -> EventDeleted:
        """Delete one of the user's events for good. Ask the user before you call this; for something done, use
        update_event with is_completed instead."""
        must_agree(consent)
        path = f"planner-events/{event_id}/"
        before, _ = await call.planner.change_seen("DELETE", path, lambda: call.planner.get(path), KEPT)
        call.journal.touch(event=event_id)
        call.journal.about(before["title"])
        call.journal.can_undo(Step(service="planner", method="POST", path="planner-events/", body=_kept(before)))
        return EventDeleted(event_id=event_id)


async def _zone(call: ToolCall) -> ZoneInfo:
    return UTC_ZONE if call.is_plain else await zone_of(call.identity)


def _answer(call: ToolCall, event: JsonObject, zone: ZoneInfo) -> EventBrief:
    return EventBrief.model_validate(event if call.is_plain else local_row(event, zone))


def _on_utc_day(body: JsonObject, event: JsonObject, zone: ZoneInfo) -> JsonObject:
    """The body with what REST is sent so that the event is on the day of the person's, at its time of day there."""
    day = day_in(str(body["event_date"]))
    if day is None:
        return body
    others = {name: value for name, value in body.items() if name != "event_date"}
    try:
        return {**others, **on_day(event, day, zone, keep_clock=not {*TIMES} & body.keys())}
    except (KeyError, ValueError, OverflowError):
        return body


def _day(name: str, value: str) -> date | None:
    if value is UNSET:
        return None
    if (day := day_in(value)) is None:
        message = f"BadArgument: {name}: {value[:40]!r} is no date; write YYYY-MM-DD."
        raise ToolError(message)
    return day


def unchanged(event: JsonObject) -> Check:
    """The event is as this answer left it."""
    return Check(service="planner", path=f"planner-events/{event['id']}/", equals=_kept(event))


def _kept(event: JsonObject) -> JsonObject:
    return {name: event[name] for name in KEPT}
