"""Showing a start or stop as it goes: live lines on a terminal, plain ones elsewhere."""

import os
import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from notechondria_cli.hints import typed


def for_tables() -> Console:
    """Return a console for tables; where there is no terminal they are as wide as their words, and none is cut."""
    console = Console()
    return console if console.is_terminal or os.environ.get("COLUMNS") else Console(width=1000)


class _Seconds(ProgressColumn):
    """Seconds since the step began, or that it took."""

    def render(self, task: Task) -> Text:
        seconds = task.fields.get("seconds") or task.elapsed or 0.0
        return Text(f"{seconds:5.1f} s", style="dim")


class Display:
    """A ``Progress`` (see progress.py) for people; use as a context manager around the waiting."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tick = "✓" if "utf" in (console.encoding or "").lower() else "ok"
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars = Bars(
                SpinnerColumn(finished_text=f"[green]{self._tick}[/green]"),
                TextColumn("{task.description}"),
                _Seconds(),
                console=self._console,
            )
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            bars, self._bars = self._bars, None
        if bars is not None:
            for task in bars.tasks:
                if not task.finished:
                    bars.remove_task(task.id)
            bars.stop()

    def begin(self, step: str) -> None:
        """Show that a step has begun."""
        with self._lock:
            if self._bars is not None:
                self._tasks[step] = self._bars.add_task(f"{step:<18}", total=1)

    def finish(self, step: str, seconds: float) -> None:
        """Show that a step is done."""
        with self._lock:
            if self._bars is not None and step in self._tasks:
                self._bars.update(self._tasks[step], completed=1, seconds=max(seconds, 0.01))
                return
        say(self._console, f"  {self._tick} {step:<18} {seconds:5.1f} s")

    def note(self, text: str) -> None:
        """Show a line."""
        say(self._console, text)


def say(console: Console, text: str) -> None:
    """Print a line; a reader that has gone away (a closed pipe) must not stop what we are doing.

    Commands in it are shown as they are typed here (hints.py).
    """
    try:
        console.print(typed(text), highlight=False, soft_wrap=True)
    except OSError:
        console.quiet = True
