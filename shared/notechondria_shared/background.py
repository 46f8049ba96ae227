"""Work that goes on beside the requests, from a service's start to its stop."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import ClassVar


class Background(ABC):
    """One task of the event loop; what it had begun when it is stopped is cancelled."""

    task_name: ClassVar[str]
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
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
