"""The agents' log for the administration (docs/admin.md). Arguments are left out: they hold what people write."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy import select

from mcp_service.calls.routes import Log
from mcp_service.models import Call
from notechondria_shared.database.engine import ReadSession
from notechondria_shared.database.listing import Listing, WantedRows
from notechondria_shared.database.tables import Row
from notechondria_shared.errors import NotFound
from notechondria_shared.http.internal import require_internal

router = APIRouter(prefix="/internal/admin", include_in_schema=False, dependencies=[Depends(require_internal)])

CALLS = Listing(
    select(
        Call.id,
        Call.user_id,
        Call.key_id,
        Call.client,
        Call.tool,
        Call.is_change,
        Call.outcome,
        Call.error,
        Call.duration_ms,
        Call.touched,
        Call.called_at,
        Call.undone_at,
    ),
    key=Call.id.expression,
    searched=(Call.tool.expression, Call.client.expression, Call.error.expression, Call.outcome.expression),
    owner=Call.user_id.expression,
)


@router.get("/calls")
async def list_calls(log: Log, read: ReadSession, wanted: WantedRows) -> dict[str, Any]:
    """Calls of all users' agents, newest first; `search` is part of a tool, client, outcome or error."""
    await log.settle()
    return await CALLS.read(read, wanted)


@router.get("/calls/{call_id:id}")
async def get_call(log: Log, read: ReadSession, call_id: int) -> Row:
    """One call."""
    await log.settle()
    row = await CALLS.one(read, call_id)
    if row is None:
        raise NotFound("Call not found.")
    return row
