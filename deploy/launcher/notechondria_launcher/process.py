"""One child process: started with its log, watched, stopped, killed."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil

from notechondria_cli.errors import StackError
from notechondria_cli.names import title
from notechondria_launcher.forking import ForkedProcess, Start, Template

_GUARD = Path(__file__).with_name("guard.py")
_LOG_LIMIT_BYTES = 32 * 1024 * 1024
# The kernel's death signal follows the thread that made the child, not the process: one thread, as long-lived as we.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


@dataclass(frozen=True)
class ChildSpec:
    """How to run one part. ``identity`` is what guard.py takes; ``death_signal`` comes when the launcher dies."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    ready: Callable[[], bool]
    identity: str = "-"
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 25.0
    ready_seconds: float = 60.0
    folder: Path = Path("/")
    template: Template | None = None
    """Forks the part, whose ``argv`` runs a module, in place of a new interpreter."""


def guarded(argv: Sequence[str], identity: str = "-", death_signal: signal.Signals = signal.SIGTERM) -> list[str]:
    """Return the command that runs ``argv`` under guard.py as a child of this process."""
    return [
        sys.executable, "-I", "-S", str(_GUARD), str(os.getpid()), str(int(death_signal)), identity, *argv
    ]  # fmt: skip


def put_aside(log: Path) -> None:
    """Rename a log that has grown large, over the one put aside before."""
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_name(log.name + ".1"))


def shorten(log: Path) -> bool:
    """Copy a log that has grown large over the one put aside before and empty it, under the one who writes it."""
    try:
        if log.stat().st_size <= _LOG_LIMIT_BYTES:
            return False
        shutil.copyfile(log, log.with_name(log.name + ".1"))
        os.truncate(log, 0)  # it is open for appending: the next line begins the file anew
    except OSError:
        return False
    return True


def _executed(spec: ChildSpec, log: BinaryIO) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own command line
        guarded(spec.argv, spec.identity, spec.stop_signal),
        env=dict(spec.env), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        cwd=spec.folder, start_new_session=True,
    )  # fmt: skip


def _forked(spec: ChildSpec, log: BinaryIO) -> subprocess.Popen[bytes] | ForkedProcess:
    """As a fork of the template, or by its command line when that has ended before its time."""
    assert spec.template is not None  # noqa: S101 - the caller looked
    _, _, module, *arguments = spec.argv
    start = Start(module, arguments, dict(spec.env), str(spec.folder), os.getpid(), int(spec.stop_signal), session=True)
    try:
        with Path(os.devnull).open("rb") as nothing:
            files = [nothing.fileno(), log.fileno(), log.fileno()]
            return ForkedProcess(spec.template.start(start, files))
    except OSError:
        return _executed(spec, log)


class Child:
    """A running process of a part; made by ``spawn``."""

    def __init__(self, spec: ChildSpec, process: subprocess.Popen[bytes] | ForkedProcess, log_offset: int) -> None:
        self.spec = spec
        self.log_offset = log_offset
        """How long the log was before this process wrote to it."""
        self.started = time.monotonic()
        self._process = process
        try:
            self.create_time = psutil.Process(process.pid).create_time()
        except psutil.Error:
            self.create_time = 0.0

    @classmethod
    def spawn(cls, spec: ChildSpec) -> "Child":
        """Start the process; raises StackError when it cannot be started at all."""
        return _spawner.submit(cls._spawn, spec).result()

    @classmethod
    def _spawn(cls, spec: ChildSpec) -> "Child":
        try:
            put_aside(spec.log)
            with spec.log.open("ab") as log:
                offset = os.fstat(log.fileno()).st_size
                process = _forked(spec, log) if spec.template else _executed(spec, log)
        except OSError as error:
            raise StackError(
                f"{title(spec.name)} cannot be started: {error.strerror or error}.", f"Look at {spec.log.parent}."
            ) from error
        return cls(spec, process, offset)

    @property
    def pid(self) -> int:
        """Process id, which is its process group's id too."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Exit code of a process that has ended; negative is the signal that ended it."""
        return self._process.poll()

    def wait_ready(self, cancelled: Callable[[], bool] = lambda: False) -> bool:
        """Wait until the part answers; False when the process ended, time ran out or the wait was cancelled."""
        end = time.monotonic() + self.spec.ready_seconds
        while self.running and time.monotonic() < end and not cancelled():
            if self.spec.ready():
                return True
            time.sleep(0.03)
        return False

    def stop(self) -> None:
        """Ask it to end and wait; kill the whole group when it does not. Harmless when it has ended."""
        self._signal(self.spec.stop_signal)
        try:
            self._process.wait(self.spec.stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        else:
            self._kill_group()

    def kill(self) -> None:
        """SIGKILL the process and its group, and wait until it is gone."""
        self._signal(signal.SIGKILL)
        self._kill_group()
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
