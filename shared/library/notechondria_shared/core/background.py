"""Work that goes on beside the requests, from a service's start to its stop."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod

from notechondria_shared.core.errors import Unavailable

logger = logging.getLogger("notechondria.background")
CANCEL_AGAIN_SECONDS = 0.5


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks and wait until each has ended; what they raise on the way is theirs to log.

    One `cancel()` is not enough: `asyncio.wait_for` of Python 3.11 drops a cancellation that arrives together with the
    answer it waits for (libraries use it for every request), and a task that loops would then go on for ever.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=CANCEL_AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)


class Background(ABC):
    """One task of the event loop; what it had begun when it is stopped is cancelled."""

    task_name: str
    """As debuggers show the task."""
    _task: asyncio.Task[None] | None = None

    @abstractmethod
    async def _run(self) -> None:
        """The work; it ends by itself or by being cancelled."""

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name=self.task_name)

    async def stop(self) -> None:
        """End, and wait for it; nothing happens when it was never started."""
        if self._task:
            await end(self._task)


class Periodic(Background):
    """A round at the start and then again and again; when one fails the next does what it left."""

    def __init__(self, every_seconds: float) -> None:
        self._every_seconds = every_seconds

    @abstractmethod
    async def _round(self) -> None:
        """Do what there is to do."""

    async def _run(self) -> None:
        while True:
            try:
                await self._round()
            except Unavailable as error:
                logger.warning("%s: this round failed: %s", self.task_name, error)
            except Exception:  # a loop that ends is work that is never done again: say why, and go on
                logger.exception("%s: this round failed", self.task_name)
            await asyncio.sleep(self._every_seconds)
