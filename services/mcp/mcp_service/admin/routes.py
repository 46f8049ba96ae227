"""The agents' log for the administration (docs/admin.md). Arguments are left out: they hold what people write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import Depends
from sqlalchemy import select

from mcp_service.calls.dependencies import Log
from mcp_service.models import EVENTS, Call
from notechondria_contracts.admin import AdminColumn, AdminResource
from notechondria_shared.db.listing import SearchableList
from notechondria_shared.web.admin import AdminTable, admin_router
from notechondria_shared.web.dead_letters import dead_letter_table


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call of an agent, without its arguments."""

    id: int
    user_id: int
    key_id: int | None
    client: str
    tool: str
    is_change: bool
    outcome: str
    error: str
    duration_ms: int
    touched: dict[str, list[int]]
    called_at: datetime
    undone_at: datetime | None


_CALLS = SearchableList(
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
    CallRow,
    key=Call.id.expression,
    searched=(Call.tool.expression, Call.client.expression, Call.error.expression, Call.outcome.expression),
    owner=Call.user_id.expression,
)


async def settled(log: Log) -> None:
    """What agents did a moment ago is in the list."""
    await log.settle()


CALLS = AdminTable(
    AdminResource(
        name="calls",
        title="Agents' log",
        noun="call",
        position=90,
        columns=[
            AdminColumn(key="id", title="Id", kind="id"),
            AdminColumn(key="called_at", title="When", kind="timestamp"),
            AdminColumn(key="user_id", title="User", kind="user"),
            AdminColumn(key="tool", title="Tool"),
            AdminColumn(key="is_change", title="Change", kind="yes"),
            AdminColumn(key="outcome", title="Outcome"),
            AdminColumn(key="duration_ms", title="Milliseconds"),
            AdminColumn(key="client", title="Client"),
            AdminColumn(key="error", title="Error", wide=True),
            AdminColumn(key="touched", title="Touched", kind="ids", wide=True),
            AdminColumn(key="key_id", title="Key id", wide=True),
            AdminColumn(key="undone_at", title="Taken back", kind="timestamp", wide=True),
        ],
        searched="tool, client, outcome, error or id",
        hint="What agents did for people in the last 90 days. Arguments are not shown: they hold what people write.",
        label="tool",
    ),
    _CALLS,
    unknown="Call not found.",
)
router = admin_router(CALLS, dead_letter_table(EVENTS), dependencies=[Depends(settled)])
