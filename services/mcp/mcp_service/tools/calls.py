"""Tools on the agents' log: what was done, and taking it back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from mcp_service.calls.journal import journal
from mcp_service.calls.service import CallLog, Filter
from mcp_service.door.caller import current_caller
from mcp_service.tools.arguments import UNSET, Id, Whole, given
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import ToolResult

MOST = 100


class RecentCall(ToolResult):
    """A call in the log."""

    id: int
    called_at: str
    tool: str
    outcome: str
    client: str
    arguments: dict[str, Any]
    touched: dict[str, list[int]]
    can_undo: bool
    undone_at: str | None


class RecentCalls(ToolResult):
    """Calls in the log."""

    total: int
    calls: list[RecentCall]


class Undone(ToolResult):
    """The call was taken back."""

    undone: Literal[True] = True
    call_id: int
    tool: str


def register(box: ToolRegistry, log: CallLog) -> None:
    """Add the tools."""

    @box.reading("List recent calls")
    async def list_recent_calls(
        tool: Annotated[str, Field(description="Only calls of this tool")] = UNSET,
        changes_only: Annotated[bool, Field(description="False also lists calls that only read")] = True,
        limit: Annotated[Whole, Field(description="At most 100")] = 20,
    ) -> RecentCalls:
        """List what agents did on the user's behalf in the last 90 days, newest first; can_undo says what undo_call can
        still take back."""
        wanted = Filter(**given(tool=tool), changes_only=changes_only)
        total, rows = await log.page(current_caller.get().user_id, wanted, min(max(limit, 1), MOST), 0)
        return RecentCalls(total=total, calls=[RecentCall(**row) for row in rows])

    @box.writing("Take back a call")
    async def undo_call(call_id: Annotated[Id, Field(description="From list_recent_calls")]) -> Undone:
        """Take back a call that changed something: what it created goes, what it deleted or changed comes back. Refused
        when that has been changed since, or was final."""
        undone = await log.undo_for_agent(current_caller.get().user_id, call_id)
        journal().touch(call=call_id)
        journal().cannot_undo("Taking back is not taken back; call the tool again.")
        return Undone(call_id=call_id, tool=undone)
