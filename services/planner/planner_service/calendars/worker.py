"""`python -m planner_service.calendars.worker`: reads calendars for a parent that may kill it at any time.

Frames on stdin and stdout: eight bytes of length, big-endian, then as many bytes. In: a JSON object, then the text in
UTF-8. Out: a JSON object of `Reading`'s fields. The processor time of a job is limited by the kernel (SIGPROF ends the
process), so that no input can keep it.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import BinaryIO

from planner_service.calendars.reading import Reading, read, read_years

MEMORY_BYTES = 1024 * 1024 * 1024
TOO_LARGE = "Reading it takes too much memory."
BROKEN = "It cannot be read."


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


def _do(order: dict[str, object], text: str) -> Reading:
    years = [int(str(year)) for year in order["years"]]  # type: ignore[attr-defined]
    try:
        if order["only_years"]:
            return read_years(text, years)
        return read(text, years, must_be_calendar=bool(order["must_be_calendar"]))
    except MemoryError:
        return Reading(error=TOO_LARGE)
    except Exception:  # whatever a file does, it is the file's fault, and the next one is read
        return Reading(error=BROKEN)


def main() -> None:
    """Serve until the parent closes the pipe."""
    # Nothing that is read may write between the frames.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout = sys.stderr
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    while (head := take_frame(sys.stdin.buffer)) is not None:
        text = take_frame(sys.stdin.buffer)
        if text is None:
            return
        order = json.loads(head)
        signal.setitimer(signal.ITIMER_PROF, float(order["seconds"]))
        reading = _do(order, text.decode())
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(frame(json.dumps(asdict(reading)).encode()))
        answers.flush()


if __name__ == "__main__":
    main()
