"""`python -m planner_service.calendars.worker`: reads calendars for a parent that may kill it at any time.

Frames on stdin and stdout: eight bytes of length, big-endian, then as many bytes. In: a JSON object, then the text in
UTF-8. Out: a JSON object of `Reading`'s fields. The processor time of a job is limited: at its end (SIGPROF) what was
read until then is the answer; a job that does not even notice is ended by the kernel a second later (SIGVTALRM): no
input can keep the process.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from types import FrameType
from typing import BinaryIO

from planner_service.calendars.reading import OutOfTimeError, Reading, read, read_years

MEMORY_BYTES = 1024 * 1024 * 1024
TOO_LARGE = "Reading it takes too much memory."
BROKEN = "It cannot be read."
GRACE_SECONDS = 1.0
"""For the answer, once the time for reading is over."""


def take_frame(stream: BinaryIO) -> bytes | None:
    """The next frame; None when the other side has closed."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    size = int.from_bytes(head, "big")
    body = stream.read(size)
    return body if len(body) == size else None


def frame(body: bytes) -> bytes:
    """A body with its length before it."""
    return len(body).to_bytes(8, "big") + body


def _do(order: dict[str, object], text: str, budget: _Budget) -> Reading:
    years = [int(str(year)) for year in order["years"]]  # type: ignore[attr-defined]
    try:
        with budget.of(float(str(order["seconds"]))):
            if order["only_years"]:
                return read_years(text, years)
            return read(text, years, must_be_calendar=bool(order["must_be_calendar"]))
    except OutOfTimeError as over:
        return Reading(error=str(over))
    except MemoryError:
        return Reading(error=TOO_LARGE)
    except Exception:  # whatever a file does, it is the file's fault, and the next one is read
        return Reading(error=BROKEN)


def too_long(seconds: float) -> str:
    """What is said of a calendar of which nothing could be read in time."""
    return f"Reading it takes longer than {seconds:g} s."


class _Budget:
    """The processor time of one job. A signal that comes when the job is over is not its own any more."""

    def __init__(self) -> None:
        self._seconds: float | None = None
        signal.signal(signal.SIGPROF, self._over)

    def _over(self, _number: int, _frame: FrameType | None) -> None:
        if self._seconds is not None:
            raise OutOfTimeError(too_long(self._seconds))

    @contextmanager
    def of(self, seconds: float) -> Iterator[None]:
        """Limit what runs inside."""
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds + GRACE_SECONDS)
        self._seconds = seconds
        try:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            yield
        finally:
            self._seconds = None
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def main() -> None:
    """Serve until the parent closes the pipe."""
    # Nothing that is read may write between the frames.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout = sys.stderr
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    budget = _Budget()
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    while (head := take_frame(sys.stdin.buffer)) is not None:
        text = take_frame(sys.stdin.buffer)
        if text is None:
            return
        order = json.loads(head)
        reading = _do(order, text.decode(), budget)
        answers.write(frame(json.dumps(asdict(reading)).encode()))
        answers.flush()


if __name__ == "__main__":
    main()
