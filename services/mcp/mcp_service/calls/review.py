"""The agents' log as its owner goes through it on the pages: what came from whom, and what can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from mcp_service.calls import review_queries as queries
from mcp_service.calls.journal import Undo
from mcp_service.calls.queries import LoggedCall as StoredCall
from mcp_service.calls.runs import LOST
from mcp_service.calls.schemas import CallRow
from mcp_service.calls.service import UNKNOWN
from mcp_service.calls.taking_back import foresee
from mcp_service.upstream.client import UserServices
from notechondria_contracts.internal.mcp import (
    AgentActivity,
    CallLogPage,
    CallQuery,
    LoggedCall,
    UndoOutcome,
    UndoRun,
)
from notechondria_shared.core.errors import BadRequest, NotFound
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Reads

FINAL = "Not taken back: Mcp.Calls/undo — {reason}"
UNKNOWN_RUN = "Not found: Mcp.Calls/undo — there is no such run of yours."


async def page(read: Reads, user_id: int, query: CallQuery) -> CallLogPage:
    """Calls that match, the newest first."""
    rows = await read.all(
        queries.PAGE,
        user_id=user_id,
        key_id=query.key_id,
        program_ids=query.program_ids or None,
        tool=query.tool or None,
        outcome=query.outcome if query.outcome in {"ok", "error"} else None,
        undone=query.outcome == "undone",
        changes_only=query.changes_only,
        can_undo=query.can_undo,
        since=_at(query.since),
        until=_at(query.until),
        before=query.before,
        page_limit=query.limit + 1,
    )
    return CallLogPage(calls=list(_shown(rows[: query.limit])), more=len(rows) > query.limit)


async def activity(read: Reads, user_id: int, days: int) -> list[AgentActivity]:
    """What came from each key and connection in the last days."""
    rows = await read.all(queries.ACTIVITY, user_id=user_id, since=now() - timedelta(days=days))
    return [AgentActivity.model_validate(row, from_attributes=True) for row in rows]


async def preview(read: Reads, services: UserServices, user_id: int, ids: Sequence[int]) -> list[UndoOutcome]:
    """What would become of a selection, the newest call first."""
    calls = list(_shown(await read.all(queries.SELECTED, user_id=user_id, ids=list(ids))))
    stored = {row.id: row for row in await read.all(queries.CHECKS, user_id=user_id, ids=list(ids))}
    open_calls = [call for call in calls if call.can_undo]
    undos = [
        Undo.model_validate(
            {"checks": stored[call.id].checks or [], "before": stored[call.id].before or [], "steps": []}
        )
        for call in open_calls
    ]
    foreseen = await foresee(services, undos)
    refusals = {call.id: text for call, text in zip(open_calls, foreseen, strict=True)}
    return [
        UndoOutcome(call=call, refusal=refusals.get(call.id, FINAL.format(reason=call.undo_refusal))) for call in calls
    ]


async def run(read: Reads, user_id: int, run_id: int) -> UndoRun:
    """How far a run is; 404 when there is none of that id."""
    row = await read.one(queries.RUN, user_id=user_id, run_id=run_id, lost_before=now() - LOST)
    if row is None:
        raise NotFound(UNKNOWN_RUN)
    tried = dict(zip(row.call_ids, row.refusals, strict=False))
    calls = {call.id: call for call in _shown(await read.all(queries.SELECTED, user_id=user_id, ids=list(tried)))}
    outcomes = [
        UndoOutcome(call=calls[call_id], refusal=refusal) for call_id, refusal in tried.items() if call_id in calls
    ]
    state = "done" if row.is_done else "interrupted" if row.is_lost else "running"
    return UndoRun(id=row.id, state=state, total=len(row.call_ids), outcomes=outcomes)


async def check_known(read: Reads, user_id: int, ids: Sequence[int]) -> None:
    """404 when not all of them are calls of the person."""
    rows = await read.all(queries.SELECTED, user_id=user_id, ids=list(ids))
    if len(rows) < len(set(ids)):
        raise NotFound(UNKNOWN)


def _shown(rows: Iterable[StoredCall]) -> Iterable[LoggedCall]:
    return (LoggedCall.model_validate(CallRow.of(row), from_attributes=True) for row in rows)


def _at(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        at = None
    if text and (at is None or at.tzinfo is None):
        raise BadRequest("Not listed: Mcp.Calls/log — a time cannot be read.")
    return at
