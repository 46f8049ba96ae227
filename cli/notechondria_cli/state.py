"""Who runs on a data folder: a lock that dies with its holder, and a file that says where everything is."""

import contextlib
import errno
import fcntl
import json
import os
import signal
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

_LEFTOVER_SECONDS = 15
UNIT = "NOTECHONDRIA_UNIT"
"""The variable by which a systemd unit of ours says that it runs the stack."""


@dataclass(frozen=True)
class PartState:
    """A running part; the start time distinguishes a process from a later one with the same number."""

    pid: int
    create_time: float
    restarts: int = 0

    def process(self) -> psutil.Process | None:
        """Return the process, or None when it is gone."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.create_time) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if same else None


@dataclass(frozen=True)
class StackState:
    """What ``up`` writes down for the other commands."""

    supervisor: PartState
    url: str
    public_url: str
    ready: bool
    ports: dict[str, int]
    parts: dict[str, PartState] = field(default_factory=dict)
    host: str = "127.0.0.1"
    """The address that the gateway listens on."""
    version: str = ""
    """What runs; "" of a launcher that did not say so yet."""
    commit: str = ""
    workers: dict[str, int] = field(default_factory=dict)
    """Processes by service, where a launcher said so."""
    unit: str = ""
    """The systemd unit that runs it, as `user notechondria.service` or `system ...`; "" when none does."""

    def write(self, path: Path) -> None:
        """Replace the file in one step."""
        draft = path.with_name(path.name + ".new")
        draft.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")
        draft.replace(path)

    @classmethod
    def read(cls, path: Path) -> "StackState | None":
        """Return what was written, or None when there is nothing (readable)."""
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            supervisor = PartState(**content.pop("supervisor"))
            parts = {name: PartState(**part) for name, part in content.pop("parts").items()}
            # A later version writes more than this one knows.
            known = {name: value for name, value in content.items() if name in cls.__dataclass_fields__}
            return cls(supervisor=supervisor, parts=parts, **known)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def end_leftovers(self) -> list[str]:
        """End what outlived a launcher that was killed; returns the names. Only with the lock in hand."""
        ended = []
        for name, part in self.parts.items():
            process = part.process()
            if process is None:
                continue
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if name == "postgres":
                    process.send_signal(signal.SIGINT)
                else:
                    os.killpg(part.pid, signal.SIGKILL)
            with contextlib.suppress(psutil.Error):
                process.wait(_LEFTOVER_SECONDS)
            ended.append(name)
        return ended


class AlreadyRunningError(Exception):
    """Another supervisor holds the data folder."""


class Lock:
    """An exclusive lock on a file for as long as this process lives."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock; raises AlreadyRunningError when another process (or stack) has it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EAGAIN, errno.EACCES):
                raise AlreadyRunningError from error
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def held(self) -> bool:
        """Whether this object has the lock."""
        return self._descriptor is not None

    def is_taken(self) -> bool:
        """Return whether any process has the lock."""
        if not self._path.exists():
            return False
        try:
            with self:
                return False
        except AlreadyRunningError:
            return True

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
