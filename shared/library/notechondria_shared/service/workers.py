"""Several worker processes of one service: forks of the process that has loaded it, so that they share what it loaded.

uvicorn starts each worker as a new interpreter, which costs as much memory as the first. Here the parent imports all,
puts it out of sight of the collector (which would write to the shared pages) and forks; it serves nothing itself. Each
worker makes its own application, with its own pools and connections. Only on Linux: elsewhere the system's libraries do
not bear a fork, and uvicorn's own way is used (docs/operations.md, "Workers").
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from notechondria_shared.core.forked import be_child
from notechondria_shared.core.memory import settle

logger = logging.getLogger("notechondria.start")
_PR_SET_PDEATHSIG = 1
_QUICK_SECONDS = 10.0
_MOST_QUICK_ENDS = 5
_PAUSE_SECONDS = 0.5
_FAILED = 3


class Workers:
    """Keeps `count` processes that run `serve`, until SIGTERM; one that dies is replaced."""

    def __init__(self, count: int, serve: Callable[[], int]) -> None:
        self._count = count
        self._serve = serve
        self._begun: dict[int, float] = {}
        self._stopping = False
        self._quick_ends = 0

    def run(self) -> int:
        """Run until asked to stop; the exit code. Call it before there are threads: a fork has only one."""
        settle()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        for _ in range(self._count):
            self._fork()
        while self._begun:
            pid, status = os.waitpid(-1, 0)
            begun = self._begun.pop(pid, None)
            if begun is not None and not self._stopping:
                self._replace(pid, os.waitstatus_to_exitcode(status), time.monotonic() - begun)
        return _FAILED if self._quick_ends >= _MOST_QUICK_ENDS else 0

    def _replace(self, pid: int, code: int, lived: float) -> None:
        """Start another worker for one that died; when they die as they start, give up: the launcher says why."""
        logger.error("worker %d ended (%s) after %.0f s", pid, f"signal {-code}" if code < 0 else f"code {code}", lived)
        self._quick_ends = self._quick_ends + 1 if lived < _QUICK_SECONDS else 0
        if self._quick_ends >= _MOST_QUICK_ENDS:
            self._stop()
            return
        time.sleep(_PAUSE_SECONDS)
        if not self._stopping:
            self._fork()

    def _fork(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal between the fork and its entry here would miss the new worker.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _be_worker(parent, self._serve)
        self._begun[pid] = time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop()

    def _stop(self) -> None:
        self._stopping = True
        for pid in list(self._begun):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def _be_worker(parent: int, serve: Callable[[], int]) -> None:
    """Serve and leave, with the parent if that dies."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    be_child(serve)
