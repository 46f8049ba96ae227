"""Writing the agents' log: changes at once, reads in batches, and nothing lost while the database is away."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from datetime import datetime
from typing import TypedDict

from pydantic import JsonValue
from sqlalchemy import bindparam, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_service.models import EVENTS, Base, Call
from notechondria_shared.core.background import Background
from notechondria_shared.db import Database

logger = logging.getLogger("notechondria.calls")
EVERY_SECONDS = 0.5
PATIENCE_SECONDS = 2.0
BATCH = 200
WAITING = 20_000
"""Calls that wait in memory while the database is away; beyond that the oldest are dropped, with a log line."""


class CallEntry(TypedDict):
    """The columns of `Call` that a call of a tool fills."""

    user_id: int
    key_id: int | None
    program_id: int | None
    client: str
    client_name: str
    client_version: str
    tool: str
    summary: str
    is_change: bool
    arguments: dict[str, JsonValue]
    outcome: str
    error: str
    duration_ms: int
    touched: dict[str, list[int]]
    undo: dict[str, JsonValue] | None
    final_reason: str
    called_at: datetime


_TABLE = Base.metadata.tables[f"mcp.{Call.__tablename__}"]
_COLUMNS = [column for column in _TABLE.columns if column.name not in {"id", "undone_at", "undo_claimed_until"}]
_gone = select(literal(1)).where(EVENTS.deleted_users.c.user_id == bindparam("user_id", type_=_TABLE.c.user_id.type))
# A call that ends after its account was deleted leaves nothing behind.
_INSERT = insert(_TABLE).from_select(
    [column.name for column in _COLUMNS],
    select(
        *(
            bindparam(column.name, type_=JSONB(none_as_null=True) if isinstance(column.type, JSONB) else column.type)
            for column in _COLUMNS
        )
    ).where(~_gone.exists()),
)


class CallWriter(Background):
    """Takes entries (all columns of `Call` but its id) and stores them."""

    task_name = "calls.writer"

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[tuple[CallEntry, asyncio.Event]] = deque()
        self._busy = asyncio.Lock()
        self._wake = asyncio.Event()

    async def stop(self) -> None:
        """Store what waits, then end."""
        await super().stop()
        await self.flush()

    async def store(self, entry: CallEntry) -> None:
        """Store a change before its answer leaves. What was done is not undone because the log is away: after one try,
        or `PATIENCE_SECONDS`, the entry goes on waiting and the answer does not."""
        tried = self._append(entry)
        self._wake.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await tried.wait()

    def later(self, entry: CallEntry) -> None:
        """Store within a second."""
        self._append(entry)

    def _append(self, entry: CallEntry) -> asyncio.Event:
        tried = asyncio.Event()
        self._waiting.append((entry, tried))
        if len(self._waiting) > WAITING:
            self._waiting.popleft()[1].set()
            logger.error("the agents' log cannot be written; its oldest waiting entry is dropped")
        return tried

    async def flush(self) -> None:
        """Store everything that waits, in order; what cannot be stored now keeps waiting."""
        async with self._busy:
            while self._waiting:
                batch = [self._waiting[number] for number in range(min(BATCH, len(self._waiting)))]
                stored = await self._store([entry for entry, _ in batch])
                for pair in batch:
                    pair[1].set()
                    if stored and self._waiting and self._waiting[0] is pair:
                        self._waiting.popleft()
                if not stored:
                    return

    async def _store(self, entries: list[CallEntry]) -> bool:
        """False when the database is not ready to take them."""
        try:
            async with self._database.transaction() as db:
                await write(db, entries)
        except (DataError, TypeError, ValueError) as error:
            if len(entries) == 1:
                logger.error("a call of %s is left out of the agents' log: %r", entries[0]["tool"], error)  # noqa: TRY400
                return True
            # One entry must not keep the others out.
            return all([await self._store([entry]) for entry in entries])
        except Exception as error:
            logger.warning("the agents' log cannot be written now: %r", error)
            return False
        return True

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            await self.flush()


async def write(db: AsyncSession, entries: list[CallEntry]) -> None:
    """Insert the entries of accounts that still exist."""
    await db.execute(_INSERT, [{**entry} for entry in entries])
