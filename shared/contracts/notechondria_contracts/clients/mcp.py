"""The client of the mcp service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from notechondria_contracts.clients.base import ACT, ServiceClient
from notechondria_contracts.internal.mcp import (
    CALLS_OF_PROGRAMS_PATH,
    CALLS_PATH,
    AgentActivity,
    AgentWeek,
    CallLogPage,
    CallQuery,
    CallSelection,
    CallsOfPrograms,
    UndoOutcome,
    UndoPreview,
    UndoRun,
)


class McpClient(ServiceClient):
    """The agents' log."""

    service = "mcp"

    async def call_counts(self, assertion: str) -> CallsOfPrograms:
        """How many calls came through each connection of the person's programs, and with each key."""
        return await self.call("GET", CALLS_OF_PROGRAMS_PATH, CallsOfPrograms, assertion=assertion)

    async def calls(self, query: CallQuery, assertion: str) -> CallLogPage:
        """Calls of the person's agents."""
        return await self.call("POST", f"{CALLS_PATH}/log", CallLogPage, body=query, assertion=assertion)

    async def activity(self, days: int, assertion: str) -> list[AgentActivity]:
        """What the person's agents did in the last days."""
        path = f"{CALLS_PATH}/activity"
        return (await self.call("GET", path, AgentWeek, params={"days": days}, assertion=assertion)).agents

    async def undo_preview(self, ids: Sequence[int], assertions: Mapping[str, str]) -> list[UndoOutcome]:
        """Whether calls can be taken back as things are now."""
        body = CallSelection(ids=list(ids), assertions=dict(assertions))
        path, own = f"{CALLS_PATH}/undo-preview", assertions["mcp"]
        return (await self.call("POST", path, UndoPreview, body=body, assertion=own, timeout=ACT)).outcomes

    async def undo(self, ids: Sequence[int], assertions: Mapping[str, str]) -> UndoRun:
        """Take calls back; what is not done within a second goes on after the answer."""
        body = CallSelection(ids=list(ids), assertions=dict(assertions))
        return await self.call("POST", f"{CALLS_PATH}/undo", UndoRun, body=body, assertion=assertions["mcp"])

    async def undo_run(self, run_id: int, assertion: str) -> UndoRun:
        """How far it is; refused with 404 when it is not the person's."""
        return await self.call("GET", f"{CALLS_PATH}/undo/{run_id}", UndoRun, assertion=assertion)
