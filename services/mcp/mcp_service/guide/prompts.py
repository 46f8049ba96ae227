"""Prompts: the flows of the manual, ready to be picked in a client."""

from __future__ import annotations

from typing import Annotated

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from pydantic import Field

from mcp_service.agent import agent_of
from mcp_service.tools.local_time import here, zone_of

PromptContext = Context[object, object]


def register(server: MCPServer[object]) -> None:
    """Add the prompts."""

    @server.prompt(title="Capture a thought")
    def capture(
        thought: Annotated[str, Field(description="What to keep")],
        course: Annotated[str, Field(description="Name of the course to file it in")] = "",
    ) -> str:
        """Keep a thought as a note, without making it twice."""
        filing = f' File it in the course "{course}" (course_id takes its title).' if course else ""
        return (
            "Keep this thought in my notes. Search my notes for its one or two telling words first. If a note on it is "
            "there, add the thought to it with append_to_note; otherwise create a note with a short title, a one-line "
            f"description and the thought as markdown.{filing} Tell me which note it is in.\n\n{thought}"
        )

    @server.prompt(title="Weekly review")
    async def weekly_review(
        ctx: PromptContext,
        start_date: Annotated[str, Field(description="First day of the week, YYYY-MM-DD")] = "",
    ) -> str:
        """Look back at a week: what was done, written, and left open."""
        week = f"the week from {start_date} on" if start_date else "the seven days that end today"
        return (
            f"{await _today(ctx)} Review {week} with me. Read the days with get_activity_week, my completed events "
            "with list_events (include_completed true) and my last edited notes with get_activity. Say in a few lines "
            "what was done, what was written, and what was planned but is still open. Then ask me, for each open "
            "thing, whether it is done, is to be moved, or can go, and only then change it: complete with "
            "is_completed, move with starts_at."
        )

    @server.prompt(title="Plan the week")
    async def plan_week(
        ctx: PromptContext,
        start_date: Annotated[str, Field(description="First day, YYYY-MM-DD")] = "",
        goals: Annotated[str, Field(description="What the week is for")] = "",
    ) -> str:
        """Spread what is due over the coming days."""
        when = f"from {start_date} on" if start_date else "from today on"
        wish = f" What I want from it: {goals}" if goals else ""
        return (
            f"{await _today(ctx)} Plan my seven days {when}.{wish} Read them with get_activity_week, and my open "
            "events with list_events. Take what is fixed as fixed. Propose a plan of the rest, no more than three "
            "heavy things a day, the most urgent first, and show it to me as a list. When I agree, create what is "
            "missing and move what has to move, one call for each."
        )

    @server.prompt(title="Tidy up the recycle bin")
    def tidy_bin() -> str:
        """Look through the recycle bin before it is emptied."""
        return (
            "Look through my recycle bin with list_deleted_notes. Tell me what lies in it, and name what looks worth "
            "keeping, with the reason. Restore what I ask for. Only if I then say so in so many words, empty the bin "
            "with empty_recycle_bin: what is in it then is lost for good."
        )


async def _today(ctx: PromptContext) -> str:
    """The day and the zone of the person, which the model cannot know."""
    zone = await zone_of(agent_of(ctx.request_context.request).services.identity)
    at = here(zone)
    return f"It is {at:%A}, {at.date()}, {at:%H:%M} in my time zone ({zone.key}); times without an offset are in it."
