"""The processes that read calendars: a few, started when needed, killed when a calendar takes more than its budget."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

from notechondria_shared.core.background import end
from planner_service.calendars.reading import Reading
from planner_service.calendars.worker import frame, too_long

logger = logging.getLogger("notechondria.calendars")

IDLE_SECONDS = 30.0
"""How long a process without work is kept."""
DIED = "It cannot be read: the reader stopped on it."


class Busy(Exception):
    """As many calendars wait to be read as may."""


class ReaderPool:
    """Reads calendars outside of this process.

    `seconds` is the processor time of one calendar; on the clock it may take `patience` seconds, for a loaded machine.
    """

    def __init__(self, workers: int, seconds: float, *, waiting: int = 64, patience: float = 20.0) -> None:
        self._slots = asyncio.Semaphore(workers)
        self._seconds, self._patience = seconds, patience
        self._free_slots = waiting
        self._idle: list[tuple[float, Process]] = []
        self._reaper: asyncio.Task[None] | None = None

    async def read(
        self, text: str, years: Sequence[int], *, must_be_calendar: bool = False, only_years: bool = False
    ) -> Reading:
        """`reading.read`, or with `only_years` `reading.read_years`; a broken budget is the reading's error.

        `Busy` when too many wait already.
        """
        if self._free_slots <= 0:
            raise Busy
        self._free_slots -= 1
        try:
            async with self._slots:
                order = {
                    "years": list(years),
                    "must_be_calendar": must_be_calendar,
                    "only_years": only_years,
                    "seconds": self._seconds,
                }
                return await self._serve(frame(json.dumps(order).encode()) + frame(text.encode()))
        finally:
            self._free_slots += 1

    async def _serve(self, order: bytes) -> Reading:
        process = await self._process()
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._ask(process, order)
        except TimeoutError:
            await _kill(process)
            return Reading(error=too_long(self._seconds))
        except (asyncio.IncompleteReadError, OSError):
            code = await _ended(process)
            logger.warning("calendars: a reader ended with %s", code)
            return Reading(error=too_long(self._seconds) if code == -signal.SIGVTALRM else DIED)
        except BaseException:
            # Given up in the middle: what it would answer belongs to nobody.
            await asyncio.shield(_kill(process))
            raise
        self._idle.append((time.monotonic(), process))
        reading = Reading(**json.loads(answer))
        reading.rows = [(year, start, end, title, floats) for year, start, end, title, floats in reading.rows]
        return reading

    @staticmethod
    async def _ask(process: Process, order: bytes) -> bytes:
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(order)
        await process.stdin.drain()
        size = int.from_bytes(await process.stdout.readexactly(8), "big")
        return await process.stdout.readexactly(size)

    async def _process(self) -> Process:
        while self._idle:
            _, process = self._idle.pop()
            if process.returncode is None:
                return process
        if self._reaper is None:
            self._reaper = asyncio.create_task(self._reap(), name="calendars.reap")
        # Isolated and without our environment: there is nothing in it for a calendar to find.
        return await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-m", "planner_service.calendars.worker", stdin=PIPE, stdout=PIPE, env={}
        )

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(IDLE_SECONDS / 3)
            limit = time.monotonic() - IDLE_SECONDS
            old = [process for since, process in self._idle if since < limit]
            self._idle = [kept for kept in self._idle if kept[0] >= limit]
            for process in old:
                await _kill(process)

    async def close(self) -> None:
        """End the processes."""
        if self._reaper:
            await end(self._reaper)
        for _, process in self._idle:
            await _kill(process)
        self._idle.clear()


async def _ended(process: Process) -> int:
    """The exit code of a process that has closed its pipes, and so is about to end by itself."""
    try:
        async with asyncio.timeout(1.0):
            return await process.wait()
    except TimeoutError:
        return await _kill(process)


async def _kill(process: Process) -> int:
    with suppress(ProcessLookupError):
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    return await process.wait()
