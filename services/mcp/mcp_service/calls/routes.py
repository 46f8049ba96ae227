"""The agents' log over HTTP."""

from __future__ import annotations

from fastapi import Depends

from mcp_service.calls.dependencies import Log, OtherServices
from mcp_service.calls.schemas import (
    DEFAULT,
    CallData,
    CallPage,
    ChangesOnly,
    ClientFilter,
    KeyFilter,
    Limit,
    Offset,
    OutcomeFilter,
    ProgramFilter,
    Since,
    ToolFilter,
    UndoneCall,
    UndoneRange,
    UndoRange,
    Until,
    UserExport,
)
from mcp_service.calls.service import CallLogFilter
from notechondria_shared.auth import LoggedIn
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.route import api_router
from notechondria_shared.web.router import Router

router = api_router("/api/v1/mcp/calls", tags=["agents' log"])
internal = Router(prefix="/internal/users", include_in_schema=False, dependencies=[Depends(CalledBy("identity"))])


@router.get("/")
async def list_calls(
    caller: LoggedIn,
    log: Log,
    *,
    tool: ToolFilter = "",
    outcome: OutcomeFilter = None,
    key_id: KeyFilter = None,
    program_id: ProgramFilter = None,
    client: ClientFilter = "",
    changes_only: ChangesOnly = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = None,
    offset: Offset = None,
) -> CallPage:
    """The caller's own calls of the last 90 days, newest first, in the page envelope of notes §5.3.

    400 `{"detail"}` for a value that cannot be read.
    """
    size, start = max(1, limit or DEFAULT), offset or 0
    matching = CallLogFilter(
        tool=tool or None,
        outcome=outcome,
        key_id=key_id,
        program_id=program_id,
        client=client or None,
        changes_only=bool(changes_only),
        since=since,
        until=until,
    )
    total, rows = await log.page(caller.user_id, matching, size, start)
    return CallPage(results=rows, total=total, offset=start, limit=size, has_more=start + size < total)


@router.post("/{call_id:id}/undo/")
async def undo_call(caller: LoggedIn, log: Log, services: OtherServices, call_id: int) -> UndoneCall:
    """Take a call back. 404 for an unknown one, 409 `{"detail"}` with the reason when that is not possible: it was
    final, was taken back before, or what it was about changed since."""
    tool = await log.undo(caller.user_id, services, call_id)
    return UndoneCall(id=call_id, tool=tool, undone=True)


@router.post("/undo/")
async def undo_calls(caller: LoggedIn, log: Log, services: OtherServices, body: UndoRange) -> UndoneRange:
    """Take the changes from call `first` to call `last` back, newest first, at most 50. What is final or was taken back
    is left out; the first that changed since ends it. 200 also when none was taken back: the answer says why."""
    return await log.undo_range(caller.user_id, services, body.first, body.last)


@internal.get("/{user_id:id}/export")
async def export_user(log: Log, user_id: int) -> UserExport:
    """Everything this service keeps of a user: `{"service", "data": {"calls": [...]}, "files": []}`."""
    return UserExport(data=CallData(calls=await log.everything(user_id)))
