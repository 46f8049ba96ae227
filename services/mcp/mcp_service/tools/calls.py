"""Tools on the agents' log: what was done, and taking it back."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mcp_service.calls.service import CallLog, CallLogFilter
from mcp_service.tools.arguments import FAR, UNSET, Id, Offset, Whole, within
from mcp_service.tools.context import ToolCall
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import LATER, ToolResult

MOST = 100


class RecentCall(ToolResult):
    """A call in the log."""

    id: int
    called_at: str
    tool: str
    outcome: str
    client: str
    arguments: dict[str, object]
    touched: dict[str, list[int]]
    can_undo: bool
    undone_at: str | None


class RecentCalls(ToolResult):
    """Calls in the log."""

    total: int
    calls: list[RecentCall]
    offset: Annotated[int, LATER] = UNSET
    limit: Annotated[int, LATER] = UNSET


class Undone(ToolResult):
    """The call was taken back."""

    undone: Literal[True] = True
    call_id: int
    tool: str


def register(registry: ToolRegistry, log: CallLog) -> None:
    """Add the tools."""

    @registry.reading("List recent calls")
    async def list_recent_calls(
        call: ToolCall,
        tool: Annotated[str, Field(description="Only calls of this tool")] = UNSET,
        changes_only: Annotated[bool, Field(description="False also lists calls that only read")] = True,
        limit: Annotated[Whole, Field(description="At most 100")] = 20,
        offset: Offset = 0,
    ) -> RecentCalls:
        """List what agents did on the user's behalf in the last 90 days, newest first; can_undo says what undo_call can
        still take back."""
        matching = CallLogFilter(tool=None if tool is UNSET else tool, changes_only=changes_only)
        size, start = within(limit, 1, MOST), within(offset, 0, FAR)
        total, rows = await log.page(call.agent.user_id, matching, size, start)
        page = {} if call.is_plain else {"offset": start, "limit": size}
        return RecentCalls(total=total, calls=[RecentCall.model_validate(row.model_dump()) for row in rows], **page)

    @registry.writing("Take back a call")
    async def undo_call(call: ToolCall, call_id: Annotated[Id, Field(description="From list_recent_calls")]) -> Undone:
        """Take back a call that changed something: what it created goes, what it deleted or changed comes back. Refused
        when that has been changed since, or was final."""
        undone = await log.undo_for_agent(call.agent.user_id, call.services, call_id)
        call.journal.touch(call=call_id)
        call.journal.cannot_undo("Taking back is not taken back; call the tool again.")
        return Undone(call_id=call_id, tool=undone)
