"""Calls that are taken back together: what is not done at once goes on after the request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select, update

from mcp_service.calls.service import CallLog
from mcp_service.calls.taking_back import SECONDS, Chain
from mcp_service.models import UndoRun
from mcp_service.upstream.client import UserServices
from notechondria_shared.core.background import end
from notechondria_shared.core.errors import ApiError, DetailError, Unavailable
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database

logger = logging.getLogger("notechondria.calls")
AT_ONCE_SECONDS = 1.0
ASSERTIONS_LAST = 50.0
"""Seconds in which calls are begun: assertions live for 60."""
LOST = timedelta(seconds=SECONDS + 43)
"""Nothing was written for so long: its process has ended."""
KEPT = 50
"""Runs of a person."""
MOST_OF_ONE = 2
"""Runs of a person that go on at the same time in this process."""
BUSY = "Not taken back: Mcp.Calls/undo — calls are being taken back right now; wait until that is done."
NOT_TRIED = "Not taken back: Mcp.Calls/undo — it was not tried: the time is up. Take it back once more."
FAILED = "Not known to be taken back: Mcp.Calls/undo — something went wrong on our side; look before you try again."


class UndoRuns:
    """The runs that go on in this process."""

    def __init__(self, database: Database, log: CallLog) -> None:
        self._database, self._log = database, log
        self._tasks: dict[asyncio.Task[None], int] = {}

    async def start(self, user_id: int, services: UserServices, call_ids: Sequence[int]) -> int:
        """Begin, and wait a second for the end; the run's id. 503 while others of the same person go on."""
        if list(self._tasks.values()).count(user_id) >= MOST_OF_ONE:
            raise Unavailable(BUSY)
        ids = sorted(set(call_ids), reverse=True)
        async with self._database.transaction() as db:
            run = UndoRun(user_id=user_id, call_ids=ids, refusals=[], seen_at=now())
            db.add(run)
            await db.flush()
            run_id = run.id
            newest = select(UndoRun.id).where(UndoRun.user_id == user_id).order_by(UndoRun.id.desc()).limit(KEPT)
            old = delete(UndoRun).where(UndoRun.user_id == user_id, UndoRun.id.not_in(newest))
            await db.execute(old.execution_options(synchronize_session=False))
        task = asyncio.create_task(self._run(run_id, user_id, services, ids), name=f"undo run {run_id}")
        self._tasks[task] = user_id
        task.add_done_callback(self._tasks.pop)
        await asyncio.wait({task}, timeout=AT_ONCE_SECONDS)
        return run_id

    async def stop(self) -> None:
        """Cut off what goes on."""
        await end(*self._tasks)

    async def _run(self, run_id: int, user_id: int, services: UserServices, ids: Sequence[int]) -> None:
        until = asyncio.get_running_loop().time() + ASSERTIONS_LAST
        chain, refusals = Chain(), list[str]()
        for call_id in ids:
            late = asyncio.get_running_loop().time() > until
            refusals.append(NOT_TRIED if late else await self._one(user_id, services, call_id, chain))
            await self._write(run_id, refusals, done=len(refusals) == len(ids))

    async def _one(self, user_id: int, services: UserServices, call_id: int, chain: Chain) -> str:
        try:
            await self._log.undo(user_id, services, call_id, chain)
        except DetailError as refusal:
            return refusal.detail
        except ApiError as refusal:
            return str(refusal.body)
        except Exception:  # nobody waits for the answer: the run has to say it
            logger.exception("call %d could not be taken back", call_id)
            return FAILED
        return ""

    async def _write(self, run_id: int, refusals: list[str], *, done: bool) -> None:
        values = {"refusals": list(refusals), "is_done": done, "seen_at": now()}
        async with self._database.transaction() as db:
            await db.execute(update(UndoRun).where(UndoRun.id == run_id).values(**values))
