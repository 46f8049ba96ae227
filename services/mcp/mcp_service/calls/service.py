"""The agents' log: reading it, and taking calls back."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from mcp.server.mcpserver.exceptions import ToolError
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_service.calls import queries
from mcp_service.calls.journal import Undo
from mcp_service.calls.schemas import CallRow, KeptCall, UndoneRange
from mcp_service.calls.taking_back import SECONDS, Chain, take_back
from mcp_service.calls.writer import CallWriter
from mcp_service.models import Call
from mcp_service.upstream.client import UserServices
from notechondria_shared.core.errors import Conflict, DetailError, NotFound, Unavailable
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notechondria_shared.db.two_phase import claim_do_settle

UNKNOWN = "Call not found: Mcp.Calls/lookup — the log has no such call of yours."
UNDER_WAY = "Not taken back: Mcp.Calls/undo — another request takes it back right now; look before you try again."
CLAIM = timedelta(seconds=SECONDS + 13)
"""After this the process that claimed a call has died."""
MOST_AT_ONCE = 50
"""Changes of a range that are looked at in one request."""
RANGE_SECONDS = 8.0
"""After this no further call of a range is begun: one may take `SECONDS`, and a request 30."""
WAIT_SECONDS = 5.0
"""For another request that takes back the same call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLogFilter:
    """Which calls of the log to list; None is all."""

    tool: str | None = None
    outcome: str | None = None
    key_id: int | None = None
    program_id: int | None = None
    changes_only: bool = False
    since: datetime | None = None
    until: datetime | None = None
    client: str | None = None
    first_id: int | None = None
    last_id: int | None = None


class CallLog:
    """The log of all users; every method takes the one who asks."""

    def __init__(self, database: Database, writer: CallWriter) -> None:
        self._database, self._writer = database, writer

    async def page(self, user_id: int, matching: CallLogFilter, limit: int, offset: int) -> tuple[int, list[CallRow]]:
        """How many calls match, and a page of them, newest first."""
        await self._writer.flush()
        read = self._database.reader
        params = {"user_id": user_id, **asdict(matching)}
        total = await read.value(queries.COUNT, **params) or 0
        rows = await read.all(queries.PAGE, **params, page_limit=limit, page_offset=offset)
        return total, [CallRow.of(row) for row in rows]

    async def by_agent(self, user_id: int) -> list[queries.AgentCalls]:
        """How many calls came with each key, and through each connection of a user's programs."""
        await self._writer.flush()
        return await self._database.reader.all(queries.BY_AGENT, user_id=user_id)

    async def everything(self, user_id: int) -> list[CallRow]:
        """All calls of a user, oldest first."""
        await self._writer.flush()
        return [CallRow.of(row) for row in await self._database.reader.all(queries.ALL, user_id=user_id)]

    async def settle(self) -> None:
        """Store what still waits, so that a reader of the table sees it."""
        await self._writer.flush()

    async def undo(self, user_id: int, services: UserServices, call_id: int, chain: Chain | None = None) -> str:
        """Take a call back under the caller's own rights; its tool's name. `chain`: those taken back right before it.

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
            await take_back(services, Undo.model_validate(call.undo), chain)

        async def settle(db: AsyncSession, call: Call, _: None) -> None:
            await _mark(db, call, undone_at=now())

        async def release(db: AsyncSession, call: Call) -> None:
            await _mark(db, call, undone_at=None)

        await claim_do_settle(self._database, claim=claim, do=do, settle=settle, release=release)
        return claimed[0].tool

    async def undo_range(self, user_id: int, services: UserServices, first: int, last: int) -> UndoneRange:
        """Take the changes of a range back, newest first, each as `undo` does; those that are final or were taken back
        are left out. The first that cannot be taken back ends it: those before it may be what it was built on."""
        matching = CallLogFilter(changes_only=True, outcome="ok", first_id=first, last_id=last)
        total, rows = await self.page(user_id, matching, MOST_AT_ONCE, 0)
        answer = UndoneRange(undone=[], kept=[], stopped="")
        deadline, chain = asyncio.get_running_loop().time() + RANGE_SECONDS, Chain()
        for row in rows:
            if asyncio.get_running_loop().time() > deadline:
                answer.stopped = f"There was no time for more; call {row.id} is next."
                return answer
            if not row.can_undo:
                answer.kept.append(KeptCall(id=row.id, tool=row.tool, reason=row.undo_refusal))
                continue
            try:
                await self.undo(user_id, services, row.id, chain)
            except DetailError as refusal:
                answer.kept.append(KeptCall(id=row.id, tool=row.tool, reason=refusal.detail))
                answer.stopped = f"Call {row.id} could not be taken back; nothing before it was tried."
                return answer
            answer.undone.append(row.id)
        if total > len(rows):
            answer.stopped = f"The range has {total} changes; the newest {len(rows)} were looked at."
        return answer

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

    async def undo_for_agent(self, user_id: int, services: UserServices, call_id: int) -> str:
        """The same for a tool: refusals are the tool's errors."""
        try:
            return await self.undo(user_id, services, call_id)
        except DetailError as refusal:
            kind = {404: "NotFound", 409: "Conflict"}.get(refusal.status, "Unavailable")
            message = f"{kind}: {refusal.detail}"
            raise ToolError(message) from None


async def _mark(db: AsyncSession, call: Call, *, undone_at: datetime | None) -> None:
    """End the claim on a call, unless it has passed on to somebody else."""
    await db.execute(
        update(Call)
        .where(Call.id == call.id, Call.undo_claimed_until == call.undo_claimed_until)
        .values(undo_claimed_until=None, undone_at=undone_at)
        .execution_options(synchronize_session=False)
    )
