"""Tools on the agents' log: what was done, and taking it back."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from mcp_service.calls.schemas import CallRow
from mcp_service.calls.service import CallLog, CallLogFilter
from mcp_service.tools.arguments import FAR, UNSET, Id, Offset, Whole, within
from mcp_service.tools.context import ToolCall
from mcp_service.tools.forms import ADDED
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
    summary: Annotated[str, LATER] = UNSET
    client_name: Annotated[str, LATER] = UNSET
    client_version: Annotated[str, LATER] = UNSET


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


class KeptChange(ToolResult):
    """A change that was not taken back, and why."""

    id: int
    tool: str
    reason: str


class UndoneCalls(ToolResult):
    """What was taken back, newest first, and what was not."""

    undone: list[int]
    kept: list[KeptChange]
    stopped: str


def register(registry: ToolRegistry, log: CallLog) -> None:
    """Add the tools."""

    @registry.reading("List recent calls")
    async def list_recent_calls(
        call: ToolCall,
        tool: Annotated[str, Field(description="Only calls of this tool")] = UNSET,
        changes_only: Annotated[bool, Field(description="False also lists calls that only read")] = True,
        limit: Annotated[Whole, Field(description="At most 100")] = 20,
        offset: Offset = 0,
        client: Annotated[
            str, Field(description="Only calls of the client with this name", json_schema_extra=ADDED)
        ] = UNSET,
    ) -> RecentCalls:
        """List what agents did on the user's behalf in the last 90 days, newest first; can_undo says what undo_call can
        still take back."""
        matching = CallLogFilter(
            tool=None if tool is UNSET else tool,
            client=None if client is UNSET else client,
            changes_only=changes_only,
        )
        size, start = within(limit, 1, MOST), within(offset, 0, FAR)
        total, rows = await log.page(call.agent.user_id, matching, size, start)
        page = {} if call.is_plain else {"offset": start, "limit": size}
        return RecentCalls(total=total, calls=[_shown(call, row) for row in rows], **page)

    @registry.writing("Take back a call")
    async def undo_call(call: ToolCall, call_id: Annotated[Id, Field(description="From list_recent_calls")]) -> Undone:
        """Take back a call that changed something: what it created goes, what it deleted or changed comes back. Refused
        when that has been changed since, or was final."""
        undone = await log.undo_for_agent(call.agent.user_id, call.services, call_id)
        call.journal.touch(call=call_id)
        call.journal.cannot_undo("Taking back is not taken back; call the tool again.")
        return Undone(call_id=call_id, tool=undone)

    @registry.writing("Take back several calls", plain=False)
    async def undo_calls(
        call: ToolCall,
        first_call_id: Annotated[Id, Field(description="Oldest call of the range, from list_recent_calls")],
        last_call_id: Annotated[Id, Field(description="Newest call of the range")],
    ) -> UndoneCalls:
        """Take back all changes from one call to a later one, newest first, at most 50. Ends at the first one that
        cannot be taken back, and says why."""
        if first_call_id > last_call_id:
            message = "BadArgument: first_call_id: it is newer than last_call_id; exchange them. Nothing was changed."
            raise ToolError(message)
        answer = await log.undo_range(call.agent.user_id, call.services, first_call_id, last_call_id)
        for number in answer.undone:
            call.journal.touch(call=number)
        if not answer.undone and not answer.kept and not answer.stopped:
            answer.stopped = "There are no changes in this range; list_recent_calls gives ids."
        call.journal.cannot_undo("Taking back is not taken back; call the tools again.")
        return UndoneCalls.model_validate(answer.model_dump())


def _shown(call: ToolCall, row: CallRow) -> RecentCall:
    later = {"summary", "client_name", "client_version"} if call.is_plain else set()
    return RecentCall.model_validate(row.model_dump(exclude=later))
