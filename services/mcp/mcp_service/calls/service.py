"""The agents' log: reading it, and taking calls back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_service.calls import queries
from mcp_service.calls.journal import Check, Undo
from mcp_service.calls.schemas import call_row
from mcp_service.calls.writer import CallWriter
from mcp_service.models import Call
from mcp_service.upstream.client import Refused, Services
from notechondria_shared.auth.precondition import changed_fields
from notechondria_shared.core.errors import Conflict, DetailError, NotFound, Unavailable
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notechondria_shared.db.two_phase import claim_do_settle

UNKNOWN = "Call not found: Mcp.Calls/lookup — the log has no such call of yours."
CHANGED = "Not taken back: Mcp.Calls/undo — it has been changed since ({what})."
GONE = "Not taken back: Mcp.Calls/undo — what the call was about is no longer there."

SLOW = "Not known to be taken back: Mcp.Calls/undo — no answer in time; look before you try again."
UNDER_WAY = "Not taken back: Mcp.Calls/undo — another request takes it back right now; look before you try again."
SECONDS = 17
"""For all checks and steps together: less than a tool may take."""
CLAIM = timedelta(seconds=SECONDS + 13)
"""After this the process that claimed a call has died."""
WAIT_SECONDS = 5.0
"""For another request that takes back the same call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What of the log is asked for; None is everything."""

    tool: str | None = None
    outcome: str | None = None
    key_id: int | None = None
    changes_only: bool = False
    since: datetime | None = None
    until: datetime | None = None


class CallLog:
    """The log of all users; every method takes the one who asks."""

    def __init__(self, database: Database, writer: CallWriter, services: Services) -> None:
        self._database, self._writer, self._services = database, writer, services

    async def page(self, user_id: int, wanted: Filter, limit: int, offset: int) -> tuple[int, list[dict[str, Any]]]:
        """How many calls match, and a page of them, newest first."""
        await self._writer.flush()
        read = self._database.reader
        asked = {
            "user_id": user_id,
            "tool": wanted.tool,
            "outcome": wanted.outcome,
            "key_id": wanted.key_id,
            "changes_only": wanted.changes_only,
            "since": wanted.since,
            "until": wanted.until,
        }
        total = await read.value(queries.COUNT, **asked)
        rows = await read.all(queries.PAGE, **asked, page_limit=limit, page_offset=offset)
        return total, [call_row(row) for row in rows]

    async def everything(self, user_id: int) -> list[dict[str, Any]]:
        """All calls of a user, oldest first."""
        await self._writer.flush()
        return [call_row(row) for row in await self._database.reader.all(queries.ALL, user_id=user_id)]

    async def settle(self) -> None:
        """Store what still waits, so that a reader of the table sees it."""
        await self._writer.flush()

    async def undo(self, user_id: int, call_id: int) -> str:
        """Take a call back under the caller's own rights; its tool's name.

        404 for an unknown call, 409 with the reason when it is final, was taken back, or its thing changed since; 503
        when another request still takes it back, or a service does not answer.
        """
        await self._writer.flush()
        claimed: list[Call] = []

        async def claim(db: AsyncSession) -> Call:
            call = await self._claim(db, user_id, call_id)
            claimed.append(call)
            return call

        async def do(call: Call) -> None:
            await self._take_back(Undo.model_validate(call.undo))

        async def settle(db: AsyncSession, call: Call, _: None) -> None:
            await _mark(db, call, undone_at=now())

        async def release(db: AsyncSession, call: Call) -> None:
            await _mark(db, call, undone_at=None)

        await claim_do_settle(self._database, claim=claim, do=do, settle=settle, release=release)
        return claimed[0].tool

    async def _claim(self, db: AsyncSession, user_id: int, call_id: int) -> Call:
        """The call, taken upon this request for as long as taking back may last.

        Of two who take back the same call, the second waits for the first and sees its mark.
        """
        deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
        while True:
            call = await db.scalar(
                select(Call)
                .where(Call.id == call_id, Call.user_id == user_id)
                .with_for_update()
                .execution_options(populate_existing=True)
            )
            if call is None:
                raise NotFound(UNKNOWN)
            if call.undone_at is not None:
                raise Conflict("Not taken back: Mcp.Calls/undo — it was taken back already.")
            if call.undo is None:
                raise Conflict(f"Not taken back: Mcp.Calls/undo — {call.final_reason}")
            if call.undo_claimed_until is None or call.undo_claimed_until < now():
                call.undo_claimed_until = now() + CLAIM
                return call
            # The row is let go of while we wait: its holder has to write to it.
            await db.rollback()
            if asyncio.get_running_loop().time() > deadline:
                raise Unavailable(UNDER_WAY)
            await asyncio.sleep(0.1)

    async def undo_for_agent(self, user_id: int, call_id: int) -> str:
        """The same for a tool: refusals are the tool's errors."""
        try:
            return await self.undo(user_id, call_id)
        except DetailError as refusal:
            kind = {404: "NotFound", 409: "Conflict"}.get(refusal.status, "Unavailable")
            message = f"{kind}: {refusal.detail}"
            raise ToolError(message) from None

    async def _take_back(self, undo: Undo) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                for check in undo.checks:
                    await self._check(check)
                for step in undo.steps:
                    options = {"json": step.body or {}} if step.method != "DELETE" else {}
                    expected = undo.expected(step)
                    await self._services.named(step.service).send(step.method, step.path, expected=expected, **options)
        except TimeoutError:
            raise Unavailable(SLOW) from None
        except Refused as refusal:
            if refusal.status == 404:
                raise Conflict(GONE) from None
            if refusal.kind == "Unavailable":
                raise Unavailable(f"Not taken back: Mcp.Calls/undo — {refusal.cause}") from None
            raise Conflict(f"Not taken back: Mcp.Calls/undo — {refusal.cause}") from None

    async def _check(self, check: Check) -> None:
        found = await self._services.named(check.service).get(check.path)
        if check.row is not None:
            found = next((row for row in found if row["id"] == check.row), None)
        if found is None:
            raise Conflict(GONE)
        if changed := changed_fields(found, check.equals):
            raise Conflict(CHANGED.format(what=", ".join(changed)))


async def _mark(db: AsyncSession, call: Call, *, undone_at: datetime | None) -> None:
    """End the claim on a call, unless it has passed on to somebody else."""
    await db.execute(
        update(Call)
        .where(Call.id == call.id, Call.undo_claimed_until == call.undo_claimed_until)
        .values(undo_claimed_until=None, undone_at=undone_at)
        .execution_options(synchronize_session=False)
    )
