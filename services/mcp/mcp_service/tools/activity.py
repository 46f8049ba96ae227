"""Tools on what happened and what is coming (mcp §5.4)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from mcp_service.tools.arguments import UNSET, Whole, given
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import NoteBrief, NoteList, ToolResult, note_brief
from mcp_service.upstream.client import Services

MOST = 50


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
    cells: list[Cell]
    max_past_value: int
    max_future_value: int


class RecentNotes(ToolResult):
    """Notes last worked on."""

    recent_notes: list[NoteBrief]


class Day(ToolResult):
    """A day and what is on it."""

    date: str
    events: list[dict[str, Any]]


class Week(ToolResult):
    """Days with their items, and open deadlines."""

    start_date: str
    previous_week_start: str
    next_week_start: str
    days: list[Day]
    deadlines: list[dict[str, Any]]


def register(box: ToolRegistry, services: Services) -> None:
    """Add the tools."""
    notes, planner = services.notes, services.planner

    @box.reading("Read the heatmap")
    async def get_heatmap() -> Heatmap:
        """How busy each of 365 days around today is, today among them: notes made in the past (past_value 0 to 4),
        summed weight of planned events ahead (future_value)."""
        return Heatmap(**await planner.get("heatmap/"))

    @box.reading("List recent notes")
    async def get_recent_activity() -> RecentNotes:
        """The user's 10 last edited notes; get_activity takes another number."""
        return RecentNotes(recent_notes=[note_brief(note) for note in await notes.get("activity/")])

    @box.reading("List the last edited notes")
    async def get_activity(
        limit: Annotated[Whole, Field(json_schema_extra={"minimum": 1, "maximum": MOST})] = 10,
    ) -> NoteList:
        """The user's last edited notes, newest first: where to begin a review."""
        page = await notes.get("notes/", scope="personal", limit=min(max(limit, 1), MOST))
        return NoteList(notes=[note_brief(note) for note in page["results"]])

    @box.reading("Read a week")
    async def get_activity_week(
        start_date: Annotated[str, Field(description="First day, YYYY-MM-DD; default today")] = UNSET,
        days: Annotated[Any, Field(json_schema_extra={"type": "integer", "enum": [3, 7, 30]})] = 7,
    ) -> Week:
        """What is on the days from start_date on. Items have a kind: plan (own open event; source_id is its event id),
        note_session (work on a note), calendar (entry of a feed). deadlines lists open events from today on, the most
        urgent first."""
        span = str(days).strip()
        return Week(
            **await planner.get(
                "activity/week/", **given(start_date=start_date), days=span if span in {"3", "7", "30"} else "7"
            )
        )
