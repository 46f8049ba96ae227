"""Tools on what happened and what is coming (mcp §5.4)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from mcp_service.tools.arguments import FAR, UNSET, Offset, Whole, within
from mcp_service.tools.context import ToolCall
from mcp_service.tools.forms import ADDED
from mcp_service.tools.local_days import local_week
from mcp_service.tools.local_time import day_in, local_day, zone_of
from mcp_service.tools.paging import Paged
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import LATER, NoteBrief, NoteList, ToolResult
from mcp_service.upstream.client import JsonObject

MOST = 50
CELLS = (
    "How busy each of 365 days around today is, today among them: notes made in the past (past_value 0 to 4),"
    " summed weight of planned events ahead (future_value)."
)


class Cell(ToolResult):
    """A day of the heatmap."""

    date: str
    kind: Literal["past", "today", "future"]
    past_value: int
    future_value: int
    intensity: int
    is_today: bool


class Heatmap(ToolResult):
    """A year of days around today."""

    today: str
    start_date: str
    end_date: str
    days_before: int
    days_after: int
    cells: list[Cell] = UNSET
    max_past_value: int
    max_future_value: int
    past: Annotated[dict[str, int], LATER] = UNSET
    future: Annotated[dict[str, int], LATER] = UNSET


class RecentNotes(ToolResult):
    """Notes last worked on."""

    recent_notes: list[NoteBrief]


class EditedNotes(NoteList, Paged):
    """A page of notes, last edited first."""


class Day(ToolResult):
    """A day and what is on it."""

    date: str
    events: list[JsonObject]


class Week(ToolResult):
    """Days with their items, and open deadlines."""

    start_date: str
    previous_week_start: str
    next_week_start: str
    days: list[Day]
    deadlines: list[JsonObject]
    timezone: Annotated[str, LATER] = UNSET


def register(registry: ToolRegistry) -> None:
    """Add the tools."""

    @registry.reading("Read the heatmap", plain=CELLS)
    async def get_heatmap(
        call: ToolCall,
        format: Annotated[  # noqa: A002 - the name on the wire; read in the executor
            Literal["compact", "full"],
            Field(description="compact: days that are not empty; full: a cell for each", json_schema_extra=ADDED),
        ] = "compact",
    ) -> Heatmap:
        """How busy the 365 days around today are: `past` has the days with notes made (0 to 4), `future` those with
        planned events (summed weight)."""
        answer = await call.planner.get("heatmap/")
        if call.is_whole:
            return Heatmap.model_validate(answer)
        cells = Heatmap.model_validate(answer).cells
        return Heatmap.model_validate(
            {
                **{name: value for name, value in answer.items() if name != "cells"},
                "past": {cell.date: cell.past_value for cell in cells if cell.past_value},
                "future": {cell.date: cell.future_value for cell in cells if cell.future_value},
            }
        )

    @registry.reading("List recent notes", area="notes")
    async def get_recent_activity(call: ToolCall) -> RecentNotes:
        """The user's 10 last edited notes; get_activity takes another number."""
        return RecentNotes(recent_notes=NoteBrief.list_of(await call.notes.rows("activity/")))

    @registry.reading("List the last edited notes", area="notes")
    async def get_activity(
        call: ToolCall,
        limit: Annotated[Whole, Field(json_schema_extra={"minimum": 1, "maximum": MOST})] = 10,
        offset: Offset = 0,
    ) -> EditedNotes:
        """The user's last edited notes, newest first: where to begin a review."""
        size, start = within(limit, 1, MOST), within(offset, 0, FAR)
        page, listed = await call.notes.page("notes/", fields="brief", scope="personal", limit=size, offset=start)
        rows: JsonObject = {"notes": [*listed]}
        return EditedNotes.model_validate(rows if call.is_plain else {**page, **rows})

    @registry.reading("Read a week")
    async def get_activity_week(
        call: ToolCall,
        start_date: Annotated[str, Field(description="First day, YYYY-MM-DD; default today")] = UNSET,
        days: Annotated[object, Field(json_schema_extra={"type": "integer", "enum": [3, 7, 30]})] = 7,
    ) -> Week:
        """What is on the days from start_date on. Items have a kind: plan (own open event; source_id is its event id),
        note_session (work on a note), calendar (entry of a feed). deadlines lists open events from today on, the most
        urgent first."""
        span = str(days).strip()
        span = span if span in {"3", "7", "30"} else "7"
        if call.is_plain:
            first = None if start_date is UNSET else start_date
            return Week.model_validate(await call.planner.get("activity/week/", start_date=first, days=span))
        zone = await zone_of(call.identity)
        week = await local_week(call.planner, _first_day(start_date, zone), int(span), zone)
        return Week.model_validate({**week, "timezone": zone.key})


def _first_day(sent: str, zone: ZoneInfo) -> date:
    """The day that was sent; what is no date is today, as in REST (planner §6.1)."""
    day = None if sent is UNSET else day_in(sent.strip()[:10])
    return day or local_day(zone)
