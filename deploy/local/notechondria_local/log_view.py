"""Reading log files from their end, and on as they grow."""

import time
from collections.abc import Iterator
from pathlib import Path

_BLOCK = 64 * 1024
_PAUSE_SECONDS = 0.2


def tail(path: Path, count: int) -> tuple[list[str], int]:
    """Return the last complete lines of a file and the offset behind them; nothing for a file that is not there."""
    if count <= 0:
        return [], path.stat().st_size if path.exists() else 0
    try:
        with path.open("rb") as file:
            size = position = file.seek(0, 2)
            data = b""
            while position > 0 and data.count(b"\n") <= count:
                step = min(_BLOCK, position)
                position -= step
                file.seek(position)
                data = file.read(step) + data
    except FileNotFoundError:
        return [], 0
    end = size - len(data) + data.rfind(b"\n") + 1
    complete = data[: data.rfind(b"\n") + 1]
    return complete.decode("utf-8", "replace").splitlines()[-count:], end


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
