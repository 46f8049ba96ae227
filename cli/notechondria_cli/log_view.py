"""Reading log files from their end, and on as they grow."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

_BLOCK = 64 * 1024
_PAUSE_SECONDS = 0.2


def tail(path: Path, count: int, fits: Callable[[str], bool] = lambda _: True) -> tuple[list[str], int]:
    """Return the last complete lines of a file that fit, and the offset behind all; nothing when there is none."""
    lines: deque[str] = deque()
    try:
        with path.open("rb") as file:
            for line in _backwards(file, end := _complete(file)):
                if len(lines) >= count:
                    break
                if fits(text := line.decode("utf-8", "replace")):
                    lines.appendleft(text)
    except FileNotFoundError:
        return [], 0
    return list(lines), end


def _complete(file: BinaryIO) -> int:
    """Return the offset behind the last complete line."""
    position = file.seek(0, 2)
    while position > 0:
        step = min(_BLOCK, position)
        position -= step
        file.seek(position)
        if (last := file.read(step).rfind(b"\n")) >= 0:
            return position + last + 1
    return 0


def _backwards(file: BinaryIO, end: int) -> Iterator[bytes]:
    """Yield the lines that end before an offset behind a line, the last one first."""
    position, begun = max(end - 1, 0), b""
    while position > 0:
        step = min(_BLOCK, position)
        position -= step
        file.seek(position)
        begun, *lines = (file.read(step) + begun).split(b"\n")
        yield from reversed(lines)
    if end:
        yield begun


def follow(path: Path, offset: int) -> Iterator[str]:
    """Yield each further line, for ever; goes back to the beginning when the file was replaced by a shorter one."""
    rest = b""
    while True:
        try:
            with path.open("rb") as file:
                if file.seek(0, 2) < offset:
                    offset, rest = 0, b""
                file.seek(offset)
                data = file.read()
        except FileNotFoundError:
            data = b""
        offset += len(data)
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace")
        if not data:
            time.sleep(_PAUSE_SECONDS)
