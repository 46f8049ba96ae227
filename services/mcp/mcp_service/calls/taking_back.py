"""Taking a call back: its checks, its steps, and what they mean for the calls before it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from pydantic import JsonValue
from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_service.calls.journal import Check, Step, Undo
from mcp_service.models import Call
from mcp_service.upstream.client import JsonObject, Refused, UserServices
from notechondria_shared.auth.precondition import changed_fields
from notechondria_shared.core.errors import Conflict, Unavailable

CHANGED = "Not taken back: Mcp.Calls/undo — it has been changed since ({what})."
GONE = "Not taken back: Mcp.Calls/undo — what the call was about is no longer there."
SLOW = "Not known to be taken back: Mcp.Calls/undo — no answer in time; look before you try again."
SECONDS = 17
"""For all checks and steps together: less than a tool may take."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """A row that is as it was before the call, but for these values, which no row has twice (`last_edit`)."""

    before: Check
    now: JsonObject


async def take_back(services: UserServices, undo: Undo) -> list[Renewed]:
    """Check and undo; the rows that got new values by it. 409 when something was changed since or is gone, 503 when a
    service does not answer."""
    answers: list[JsonObject] = []
    try:
        async with asyncio.timeout(SECONDS):
            for check in undo.checks:
                await _check(services, check)
            for step in undo.steps:
                answers += await _done(services, undo, step)
    except TimeoutError:
        raise Unavailable(SLOW) from None
    except Refused as refusal:
        if refusal.status == 404:
            raise Conflict(GONE) from None
        if refusal.kind == "Unavailable":
            raise Unavailable(f"Not taken back: Mcp.Calls/undo — {refusal.cause}") from None
        raise Conflict(f"Not taken back: Mcp.Calls/undo — {refusal.cause}") from None
    return [
        Renewed(before, {name: answer[name] for name in before.equals})
        for before in undo.restores
        # The last answer about a row has what it is now.
        for answer in [row for row in answers if before.path.endswith(f"/{row['id']}/")][-1:]
        if before.equals.keys() <= answer.keys()
    ]


async def _done(services: UserServices, undo: Undo, step: Step) -> list[JsonObject]:
    body = None if step.method == "DELETE" else step.body or {}
    answer: JsonValue = await services.named(step.service).send(
        step.method, step.path, body=body, expected=undo.expected(step)
    )
    return [answer] if isinstance(answer, dict) and "id" in answer else []


async def _check(services: UserServices, check: Check) -> None:
    service = services.named(check.service)
    row: JsonObject | None
    if check.row is None:
        row = await service.get(check.path)
    else:
        row = next((row for row in await service.rows(check.path) if row["id"] == check.row), None)
    if row is None:
        raise Conflict(GONE)
    if changed := changed_fields(row, check.equals):
        raise Conflict(CHANGED.format(what=", ".join(changed)))


async def carry_over(db: AsyncSession, user_id: int, renewed: list[Renewed]) -> None:
    """Let calls that left a row as it is again be taken back, too: their checks name the values of before."""
    for row in renewed:
        named: JsonObject = {"service": row.before.service, "path": row.before.path, "equals": row.before.equals}
        calls = await db.scalars(
            select(Call)
            .where(Call.user_id == user_id, Call.undone_at.is_(None))
            .where(Call.undo.contains(literal({"checks": [named]}, JSONB)))
            .order_by(Call.id)
            .with_for_update()
        )
        for call in calls:
            undo = Undo.model_validate(call.undo)
            for check in undo.checks:
                if (check.service, check.path, check.equals) == (
                    row.before.service,
                    row.before.path,
                    row.before.equals,
                ):
                    check.equals = row.now
            call.undo = undo.model_dump(mode="json", exclude_none=True)
