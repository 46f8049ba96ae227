"""Shows whoever waits how far the start has come."""

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

log = logging.getLogger("notechondria.launcher")


class Progress(Protocol):
    """Gets each step of a start; called from several threads."""

    def begin(self, step: str) -> None:
        """A step has begun."""

    def finish(self, step: str, seconds: float) -> None:
        """A step is done."""

    def note(self, text: str) -> None:
        """Something is worth a line."""


class Silent:
    """Shows nothing."""

    def begin(self, step: str) -> None:
        """Say nothing."""

    def finish(self, step: str, seconds: float) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""


class Pipe:
    """Writes each step as a JSON line to a file descriptor, for a process that shows them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def begin(self, step: str) -> None:
        """Send the beginning of a step."""
        self.send(begin=step)

    def finish(self, step: str, seconds: float) -> None:
        """Send the end of a step."""
        self.send(finish=step, seconds=seconds)

    def note(self, text: str) -> None:
        """Send a line of text."""
        self.send(note=text)

    def send(self, **message: object) -> None:
        """Send one message; a reader that is gone is no reason to stop."""
        if self._descriptor is None:
            if "note" in message:
                log.info("%s", message["note"])
            return
        try:
            os.write(self._descriptor, json.dumps(message).encode() + b"\n")
        except OSError:
            self._descriptor = None

    def close(self) -> None:
        """Let the reader go; from now on notes go to the log."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def step(progress: Progress, name: str) -> Iterator[None]:
    """Report a step around a block of code; a block that raises is never reported as finished."""
    begun = time.monotonic()
    progress.begin(name)
    yield
    progress.finish(name, time.monotonic() - begun)
