"""Starting services as forks of one process that has loaded what they share (`notechondria_launcher/template.py`).

The template serves a start of the whole stack and ends with it. A service that is restarted later is an interpreter of
its own, from the files as they are then. Only on Linux: elsewhere the system's libraries do not bear a fork.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from notechondria_cli.operator_env import is_on

_PR_SET_CHILD_SUBREAPER = 36
_END_SECONDS = 10
_LOOK_SECONDS = 0.02
_READ_BEFORE = ("PYTHONPATH", "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")
"""What an interpreter reads at its start: it has an effect on a service of its own only."""
OFF = "NOTECHONDRIA_OWN_INTERPRETERS"
"""A variable of the environment with which each service is an interpreter of its own."""


@dataclass(frozen=True)
class Start:
    """What the template is asked for; `death_signal` comes when `parent` dies, 0 is none."""

    module: str
    arguments: list[str]
    env: dict[str, str]
    folder: str
    parent: int
    death_signal: int
    session: bool


def can_be_forked(env: Mapping[str, str]) -> bool:
    """Whether the environment of a service only says what it reads after it has loaded its libraries."""
    early = any(env.get(name) for name in _READ_BEFORE) or any(name.startswith("OTEL_") for name in env)
    return sys.platform == "linux" and not early and not is_on(env, OFF)


@contextmanager
def _subreaper() -> Generator[None, None, None]:
    """While it lasts, who loses their parent becomes a child of this process (prctl(2), PR_SET_CHILD_SUBREAPER)."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


class Template:
    """The process that forks; it ends with this one. ``command`` runs it and takes a descriptor as its last word;
    ``log`` is what it writes to, None the output of this process."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], log: Path | None, folder: str = "/") -> None:
        self._command, self._env, self._log, self._folder = list(command), dict(env), log, folder
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Have it load its libraries, in the background."""
        with self._lock:
            self._begin()

    def start(self, what: Start, files: Sequence[int]) -> int:
        """Start a service with these files as its standard input, output and error; its process id.

        Raises OSError when the template has ended.
        """
        with self._lock, _subreaper():
            connection = self._begin()
            socket.send_fds(connection, [json.dumps(asdict(what)).encode()], files)
            answer = connection.recv(64)
        if not answer:
            message = "the process that forks has ended; its output says why"
            raise OSError(message)
        return int(answer)

    def end(self) -> None:
        """Let it go; what it started stays."""
        with self._lock:
            if self._socket and self._process:
                self._socket.close()
                self._process.wait(_END_SECONDS)
            self._socket = self._process = None

    def _begin(self) -> socket.socket:
        if self._socket is None:
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs, self._log.open("ab") if self._log else nullcontext() as log:
                self._process = subprocess.Popen(  # noqa: S603 - our own command line
                    [*self._command, str(theirs.fileno())],
                    cwd=self._folder, env=self._env, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                    stdout=log, stderr=None if log is None else subprocess.STDOUT, start_new_session=True,
                )  # fmt: skip
        return self._socket


class ForkedProcess:
    """A child of this process that another one forked: what is used here of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._lock = threading.Lock()
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        with self._lock:
            if self._code is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self._code = os.waitstatus_to_exitcode(status)
            return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; `subprocess.TimeoutExpired` when it takes too long."""
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(_LOOK_SECONDS)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal; harmless when it has ended."""
        with self._lock:
            if self._code is None:
                os.kill(self.pid, number)
