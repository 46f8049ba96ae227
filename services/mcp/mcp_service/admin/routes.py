"""The agents' log for the administration (docs/admin.md). Arguments are left out: they hold what people write."""

from __future__ import annotations

from fastapi import Depends
from sqlalchemy import select

from mcp_service.calls.dependencies import Log
from mcp_service.models import Call
from notechondria_shared.db.listing import SearchableList
from notechondria_shared.web.admin import Shown, admin_router

CALLS = SearchableList(
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


async def settled(log: Log) -> None:
    """What agents did a moment ago is in the list."""
    await log.settle()


router = admin_router((Depends(settled),), calls=Shown(CALLS, "Call not found."))
