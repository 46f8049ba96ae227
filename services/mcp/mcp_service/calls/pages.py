"""What the account pages ask of the agents' log."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from mcp_service.calls import review
from mcp_service.calls.dependencies import Log, Runs
from mcp_service.calls.state import CallLogState
from notechondria_contracts.internal.mcp import (
    CALLS_PATH,
    AgentWeek,
    CallLogPage,
    CallQuery,
    CallSelection,
    CallsOfPrograms,
    UndoPreview,
    UndoRun,
)
from notechondria_shared.auth import WithSession
from notechondria_shared.auth.state import state_of
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.router import Router

router = Router(prefix=CALLS_PATH, include_in_schema=False, dependencies=[Depends(CalledBy("web"))])
Days = Annotated[int, Query(ge=1, le=90, description="How many days back.")]


@router.get("/of-programs")
async def calls_of_programs(caller: WithSession, log: Log) -> CallsOfPrograms:
    """How many calls came through each connection of the caller's programs, and with each key."""
    rows = await log.by_agent(caller.user_id)
    return CallsOfPrograms(
        counts={row.program_id: row.calls for row in rows if row.program_id is not None},
        of_keys={row.key_id: row.calls for row in rows if row.key_id is not None},
    )


@router.post("/log")
async def list_calls(caller: WithSession, query: CallQuery, log: Log, read: ReadSession) -> CallLogPage:
    """Calls of the caller's agents, the newest first."""
    await log.settle()
    return await review.page(read, caller.user_id, query)


@router.get("/activity")
async def activity(caller: WithSession, log: Log, read: ReadSession, days: Days = 7) -> AgentWeek:
    """What came from each key and connection in the last days."""
    await log.settle()
    return AgentWeek(agents=await review.activity(read, caller.user_id, days))


@router.post("/undo-preview")
async def undo_preview(
    request: Request, caller: WithSession, selection: CallSelection, log: Log, read: ReadSession
) -> UndoPreview:
    """Whether calls can be taken back as things are now; nothing is changed."""
    await log.settle()
    services = state_of(request.app, CallLogState).services.as_user(selection.assertions)
    return UndoPreview(outcomes=await review.preview(read, services, caller.user_id, selection.ids))


@router.post("/undo")
async def undo(
    request: Request, caller: WithSession, selection: CallSelection, log: Log, runs: Runs, read: ReadSession
) -> UndoRun:
    """Take calls back, the newest first; what is not done within a second goes on. 404 when one is not the caller's."""
    await log.settle()
    await review.check_known(read, caller.user_id, selection.ids)
    services = state_of(request.app, CallLogState).services.as_user(selection.assertions)
    run_id = await runs.start(caller.user_id, services, selection.ids)
    return await review.run(read, caller.user_id, run_id)


@router.get("/undo/{run_id:id}")
async def show_run(caller: WithSession, run_id: int, read: ReadSession) -> UndoRun:
    """How far it is, and what became of each call."""
    return await review.run(read, caller.user_id, run_id)
