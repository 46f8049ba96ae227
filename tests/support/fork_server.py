"""The process that imports all services once and forks for each start (tests/support/forking.py).

Usage: python -m tests.support.fork_server DESCRIPTOR

The descriptor is a socket of whole messages; the process ends when the other side is closed.
"""

from __future__ import annotations

import notechondria_shared.core.optional_libraries  # noqa: F401 - says what those below leave out

# isort: split
import ctypes
import json
import os
import runpy
import signal
import socket
import sys
import time
from typing import Any

import identity_service.__main__
import mcp_service.__main__
import notes_service.__main__
import planner_service.__main__
import web_service.__main__
from notechondria_shared.core.memory import settle

PROGRAMS = (
    identity_service.__main__,
    mcp_service.__main__,
    notes_service.__main__,
    planner_service.__main__,
    web_service.__main__,
)
_PR_SET_PDEATHSIG = 1
_MESSAGE_BYTES = 1 << 18
_PARENT_SECONDS = 10


def _become(start: dict[str, Any], files: list[int]) -> None:
    """Be the service in this process."""
    for number, file in enumerate(files):
        os.dup2(file, number)
    for file in files:
        if file > 2:
            os.close(file)
    if start["session"]:
        os.setsid()
    os.chdir(start["folder"])
    os.environ.clear()
    os.environ.update(start["env"])
    time.tzset()
    for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    end = time.monotonic() + _PARENT_SECONDS
    while os.getppid() != start["parent"]:
        if time.monotonic() > end:
            sys.exit("the launcher is gone")
        time.sleep(0.001)
    if start["death_signal"]:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, start["death_signal"], 0, 0, 0)
    sys.argv = [start["service"], *start["arguments"]]
    runpy.run_module(start["service"], run_name="__main__", alter_sys=True)


def _fork(connection: socket.socket, start: dict[str, Any], files: list[int]) -> int | None:
    """Make the process whose parent is gone at once, so that whoever asked becomes it; None in that process."""
    reading, writing = os.pipe()
    between = os.fork()
    if between == 0:
        service = os.fork()
        if service != 0:
            os.write(writing, str(service).encode())
            os._exit(0)
        for file in (reading, writing):
            os.close(file)
        connection.close()
        _become(start, files)
        return None
    os.close(writing)
    os.waitpid(between, 0)
    with os.fdopen(reading) as answer:
        return int(answer.read())


def main() -> None:
    """Fork until nobody is there to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for program in PROGRAMS:
        del sys.modules[program.__name__]  # runpy makes it anew, and warns where it is there already
    settle()
    connection = socket.socket(fileno=int(sys.argv[1]))
    while True:
        message, files, _, _ = socket.recv_fds(connection, _MESSAGE_BYTES, 3)
        if not message:
            return
        pid = _fork(connection, json.loads(message), files)
        if pid is None:
            return
        for file in files:
            os.close(file)
        connection.send(str(pid).encode())


if __name__ == "__main__":
    main()
