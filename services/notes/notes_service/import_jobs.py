"""Imports that go on after their request: a row says how far each is, and what came of it.

The process that runs one says every few seconds that it still does. One that has not said so for long was cut off, by a
restart or a crash: its notes so far are there, and the same import sent again goes on where it ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.background import end
from notechondria_shared.core.errors import ApiError, Unavailable
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notes_service.import_slots import RETRY_AFTER, YOURS
from notes_service.models import ImportJob

logger = logging.getLogger("notechondria.import")
KEPT = 20
"""Imports of a user whose outcome is kept; the oldest go."""
SAY_SECONDS = 2.0
CUT_OFF_SECONDS = 60
CUT_OFF = (
    "Import cut off: Notes.Import/run — the server was restarted after {done} of {files} files. What was imported is "
    "there; send the same again for the rest."
)
FAILED = "Import failed: Notes.Import/run — something went wrong on our side after {done} of {files} files."
State = Literal["running", "done", "failed", "interrupted"]


OnProgress = Callable[[int, int], Awaitable[None]]
"""Called with how many files are done, and how many there are."""
Run = Callable[[OnProgress], Awaitable[str]]
"""An import; it returns its outcome as JSON."""


class ImportJobs:
    """The imports that go on in this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, user_id: int, *, dry_run: bool) -> int:
        """A row for one more import of a user; its id. 503 while another one goes on."""
        async with self._database.transaction() as db:
            return await _add(db, user_id, dry_run=dry_run)

    def start(
        self,
        job_id: int,
        run: Run,
        close: Callable[[], Awaitable[None]],
    ) -> None:
        """Go on with `run` after the request, then `close` what it needed."""
        task = asyncio.create_task(self._run(job_id, run, close), name=f"import {job_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cut off what goes on; each says so in its row."""
        await end(*self._tasks)

    async def _run(self, job_id: int, run: Run, close: Callable[[], Awaitable[None]]) -> None:
        progress = _Progress(self._database, job_id)
        saying = asyncio.create_task(progress.say())
        cut_off: asyncio.CancelledError | None = None
        try:
            ending = await _ending(job_id, run, progress)
        except asyncio.CancelledError as cancelled:
            ending, cut_off = _Ending("interrupted", error=CUT_OFF), cancelled
        # Before it says that it is over: whoever reads that may send the next one at once.
        try:
            await end(saying)
            await close()
        finally:
            await progress.settle(ending)
        if cut_off:
            raise cut_off


@dataclass(frozen=True, slots=True)
class _Ending:
    """How an import ended, and what came of it."""

    state: State
    outcome: str = ""
    error: str = ""


async def _ending(job_id: int, run: Run, progress: _Progress) -> _Ending:
    try:
        return _Ending("done", outcome=await run(progress.advance))
    except ApiError as refusal:
        body = refusal.body
        return _Ending("failed", error=str(body.get("detail") if isinstance(body, dict) else body))
    except Exception:  # nobody waits for the answer: the row has to say it
        logger.exception("import %d failed", job_id)
        return _Ending("failed", error=FAILED)


class _Progress:
    """How far an import is, written into its row."""

    def __init__(self, database: Database, job_id: int) -> None:
        self._database, self._job_id = database, job_id
        self._done = self._files = 0

    async def advance(self, done: int, files: int) -> None:
        """Note how far it is."""
        self._done, self._files = done, files

    async def say(self) -> None:
        """Write it down again and again."""
        while True:
            await asyncio.sleep(SAY_SECONDS)
            try:
                await self._write(seen_at=now())
            except Unavailable:
                logger.warning("import %d: how far it is could not be written down", self._job_id)

    async def settle(self, ending: _Ending) -> None:
        """Write down how it ended."""
        error = ending.error
        text = error.format(done=self._done, files=self._files) if error in (CUT_OFF, FAILED) else error
        await self._write(state=ending.state, outcome=ending.outcome, error=text, seen_at=now())

    async def _write(self, **values: object) -> None:
        values |= {"files": self._files, "files_done": self._done, "last_edit": now()}
        async with self._database.transaction() as db:
            await db.execute(update(ImportJob).where(ImportJob.id == self._job_id).values(**values))


async def _add(db: AsyncSession, user_id: int, *, dry_run: bool) -> int:
    fresh = ImportJob.seen_at > now() - timedelta(seconds=CUT_OFF_SECONDS)
    running = select(ImportJob.id).where(ImportJob.creator_id == user_id, ImportJob.state == "running", fresh)
    if await db.scalar(running.limit(1)) is not None:
        raise Unavailable(YOURS, RETRY_AFTER)
    job = ImportJob(creator_id=user_id, is_dry_run=dry_run)
    db.add(job)
    await db.flush()
    newest = select(ImportJob.id).where(ImportJob.creator_id == user_id).order_by(ImportJob.id.desc()).limit(KEPT)
    await db.execute(
        delete(ImportJob)
        .where(ImportJob.creator_id == user_id, ImportJob.id.not_in(newest))
        .execution_options(synchronize_session=False)
    )
    return job.id
