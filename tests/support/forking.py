"""Services of the tests' stacks as forks of one process that has imported them all: a start without the imports.

Of the nine seconds of processor time that a stack takes to start, six are five processes that import the same
libraries. What runs is the program that `python -m notes_service` runs, in a process that is the launcher's own child,
with its environment, log, session and death signal. Real starts are kept where they differ (`_can_be_forked`): in
stacks of stand-ins, under coverage.py, with several workers, and in all that a command starts (`notechondria up`).
"""

from __future__ import annotations

import atexit
import ctypes
import inspect
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from notechondria_cli.names import SERVICES
from notechondria_launcher.process import guarded

ROOT = Path(__file__).resolve().parents[2]
OFF = "NOTECHONDRIA_TEST_REAL_STARTS"
"""A variable of the environment that keeps everything as it is outside of tests."""
_PR_SET_CHILD_SUBREAPER = 36
_GUARD = guarded(())


@dataclass(frozen=True)
class Start:
    """What the server is asked for; `death_signal` 0 is none."""

    service: str
    arguments: list[str]
    env: dict[str, str]
    folder: str
    parent: int
    death_signal: int
    session: bool


def _can_be_forked(env: Mapping[str, str]) -> bool:
    """Whether the environment only says what a service reads after its imports."""
    real = ("PYTHONPATH", "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START", OFF)
    return (
        sys.platform == "linux"
        and env.get("WEB_CONCURRENCY") == "1"
        and not any(env.get(name) for name in real)
        and not any(name.startswith("OTEL_") for name in env)
    )


def _start_of(command: object, env: Mapping[str, str] | None, folder: object, *, session: bool) -> Start | None:
    """What is to be started when the command line is a service's that can be forked, else None."""
    env = dict(os.environ if env is None else env)
    if not isinstance(command, Sequence) or not _can_be_forked(env):
        return None
    words, death_signal = [str(word) for word in command], 0
    if words[: len(_GUARD) - 2] == _GUARD[:-2] and words[len(_GUARD) - 1] == "-":
        death_signal, words = int(words[len(_GUARD) - 2]), words[len(_GUARD) :]
    if words[:2] != [sys.executable, "-m"] or words[2].removesuffix("_service") not in SERVICES:
        return None
    return Start(words[2], words[3:], env, str(folder or Path.cwd()), os.getpid(), death_signal, session)


@contextmanager
def _subreaper() -> Any:
    """While it lasts, who loses their parent becomes a child of this process."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


class ForkServer:
    """The process that has imported the services; it ends with this one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Have it import, in the background."""
        with self._lock:
            self._begin()

    def start(self, what: Start, files: Sequence[int]) -> int:
        """Start a service with these files as its standard input, output and error; its process id."""
        with self._lock, _subreaper():
            connection = self._begin()
            socket.send_fds(connection, [json.dumps(asdict(what)).encode()], files)
            answer = connection.recv(64)
        if not answer:
            raise OSError("the fork server has ended; its output says why")
        return int(answer)

    def end(self) -> None:
        """Let it go."""
        if self._socket and self._process:
            self._socket.close()
            self._process.wait(10)

    def _begin(self) -> socket.socket:
        if self._socket is None:
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "tests.support.fork_server", str(theirs.fileno())],
                    cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True,
                )  # fmt: skip
            atexit.register(self.end)
        return self._socket


server = ForkServer()


class ForkingPopen(subprocess.Popen[Any]):
    """`subprocess.Popen`, whose child is a fork where that makes no difference."""

    def _execute_child(self, *values: Any) -> None:
        plain = super()._execute_child  # type: ignore[misc]
        named = inspect.signature(plain).bind(*values).arguments
        start = _start_of(named["args"], named["env"], named["cwd"], session=named["start_new_session"])
        own = (named["p2cread"], named["c2pwrite"], named["errwrite"])
        if start is None or named["pass_fds"]:
            plain(*values)
            return
        self.pid = server.start(start, [number if file == -1 else file for number, file in enumerate(own)])
        self._child_created = True
        ends = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(named[name] for name in ends))  # type: ignore[attr-defined]


def install() -> None:
    """Have every `subprocess.Popen` of this process fork services from now on."""
    if sys.platform == "linux":
        subprocess.Popen = ForkingPopen  # type: ignore[misc]
