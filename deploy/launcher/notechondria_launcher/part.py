"""One part of the stack over its life: wanted or not, running or not, restarted with growing pauses when it dies."""

import threading
import time
from collections.abc import Callable

from notechondria_cli.errors import StackError
from notechondria_cli.names import title
from notechondria_launcher.last_words import last_sentence, lines_since
from notechondria_launcher.process import Child, ChildSpec

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 30.0


class ManagedProcess:
    """Wraps the current child of a part. ``describe`` makes ready what the child needs and says how to run it."""

    def __init__(self, name: str, describe: Callable[[], ChildSpec]) -> None:
        self.name = name
        self.restarts = 0
        self._describe = describe
        self._child: Child | None = None
        self._should_run = False
        self._pause = _FIRST_PAUSE_SECONDS
        self._due: float | None = None
        self._lock = threading.RLock()

    @property
    def child(self) -> Child | None:
        """The current or last child."""
        return self._child

    @property
    def running(self) -> bool:
        """Whether the child is there."""
        return self._child is not None and self._child.running

    def start(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Start it and wait until it answers; a start that fails leaves nothing running and raises StackError."""
        with self._lock:
            if not self.running:
                self._child = Child.spawn(self._describe())
            self._should_run = True
            self._due = None
            child = self._child
        try:
            ready = child is not None and child.wait_ready(cancelled)
        except StackError:
            self.stop()
            raise
        if not ready:
            error = (
                StackError(f"The start of {title(self.name)} was given up.", "Start again.", cancelled=True)
                if cancelled()
                else self._explain(child)
            )
            self.stop()
            raise error

    def stop(self) -> None:
        """Ask it to end and wait; the supervisor leaves it alone."""
        with self._lock:
            self._should_run = False
            if self._child is not None:
                self._child.stop()

    def kill(self) -> None:
        """SIGKILL; the supervisor leaves it alone until the next start."""
        with self._lock:
            self._should_run = False
            if self._child is not None:
                self._child.kill()

    def watch(self) -> str | None:
        """Restart the child when it has died and its pause is over; called again and again. Returns what to report."""
        with self._lock:
            if not self._should_run or self._child is None or self._child.running:
                return None
            now = time.monotonic()
            if self._due is None:
                if now - self._child.started > _STEADY_SECONDS:
                    self._pause = _FIRST_PAUSE_SECONDS
                self._due = now + self._pause
                pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
                return f"{title(self.name)} ended ({_ending(self._child)}); it is started again in {pause:.1f} s."
            if now < self._due:
                return None
            self._due = None
            self.restarts += 1
            try:
                self._child = Child.spawn(self._describe())
            except (StackError, OSError) as error:
                self._due = now + self._pause
                return f"{title(self.name)} cannot be started: {error}"
            return f"{title(self.name)} is started again."

    def _explain(self, child: Child | None) -> StackError:
        if child is None:
            return StackError(f"{title(self.name)} did not start.", "Try again.")
        lines = lines_since(child.spec.log, child.log_offset)
        text = "\n".join(lines).lower()
        log = child.spec.log
        if "no space left on device" in text:
            return StackError(f"The disk is full: {title(self.name)} cannot write.", "Make room and start again.")
        if "address already in use" in text:
            return StackError(
                f"{title(self.name)} did not start: its port was taken by another program at the same moment.",
                "Start again.",
            )
        if child.running:
            return StackError(
                f"{title(self.name)} did not become ready within {child.spec.ready_seconds:.0f} s.", f"See {log}."
            )
        words = last_sentence(lines)
        last = f": {words}" if words else ""
        return StackError(f"{title(self.name)} ended while it started ({_ending(child)}){last}.", f"See {log}.")


def _ending(child: Child) -> str:
    code = child.exit_code
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
