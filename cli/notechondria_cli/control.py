"""``down``, ``status`` and ``reset``: what other terminals do to a stack."""

import os
import shutil
import signal
import time
from dataclasses import dataclass, replace

import psutil

from notechondria_cli.backup_schedule import BackupStatus
from notechondria_cli.control_requests import Restarted, ask_restart
from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout
from notechondria_cli.names import PARTS, SINGLE_PROCESS
from notechondria_cli.state import Lock, PartState, StackState

_STOP_SECONDS = 90


@dataclass(frozen=True)
class PartReport:
    """A part as ``status`` shows it; ``memory_mib`` is its proportional share, where the system reports it."""

    name: str
    running: bool
    pid: int | None
    port: int | None
    uptime_seconds: int | None
    restarts: int
    memory_mib: float | None
    workers: int | None = None
    """Processes of a service."""


@dataclass(frozen=True)
class Report:
    """A stack as ``status`` shows it; ``state`` is ``running``, ``starting`` or ``stopped``."""

    state: str
    url: str | None
    data: str
    parts: list[PartReport]
    backup: str = ""
    """When the last good backup was made, in words."""
    disk_free_mib: int = 0


def running_state(layout: Layout) -> StackState:
    """Return the state of a stack that is ready; raises StackError when none is."""
    state = StackState.read(layout.state)
    if not Lock(layout.lock).is_taken() or state is None or not state.ready:
        raise StackError(f"Nothing is running on {layout.data}.", "Start it with: make up (or notechondria up).")
    return state


def stop(layout: Layout) -> bool:
    """Stop whoever runs on the data folder and wait; False when nothing ran."""
    lock = Lock(layout.lock)
    state = StackState.read(layout.state)
    if not lock.is_taken():
        return bool(state and _end_leftovers(layout, state))
    process = state.supervisor.process() if state else None
    if process is None:
        raise StackError(
            f"Something holds {layout.lock}, and it does not say who it is.",
            "If it is just starting, wait a moment and try again.",
        )
    process.send_signal(signal.SIGTERM)
    end = time.monotonic() + _STOP_SECONDS
    while lock.is_taken() or (state and state.supervisor.process()):
        if time.monotonic() > end:
            raise StackError(
                f"The launcher (process {process.pid}) has not stopped within {_STOP_SECONDS} s.",
                f"Look into {layout.logs}; kill -9 {process.pid} ends it and all its parts.",
            )
        time.sleep(0.05)
    return True


def restart(layout: Layout, name: str, workers: int | None = None) -> Restarted:
    """Have the running launcher stop a part and start it again, with so many processes; returns when it is ready.

    Raises StackError for an unknown name, when nothing runs, and when the part does not start.
    """
    if name not in (*PARTS, SINGLE_PROCESS):
        raise StackError(f"There is no part {name!r}.", f"Parts: {', '.join(PARTS)}.")
    running_state(layout)
    return ask_restart(layout, name, workers)


def report(layout: Layout, *, memory: bool) -> Report:
    """Look at every part of the stack on the data folder."""
    state = StackState.read(layout.state)
    if state is None or not Lock(layout.lock).is_taken():
        return Report("stopped", None, str(layout.data), [], _last_backup(layout), _free(layout))
    parts = [
        _part_report(name, state, memory=memory)
        for name in (*PARTS[:-1], SINGLE_PROCESS, PARTS[-1])
        if name in state.parts
    ]
    if memory:
        parts.append(_look("launcher", state.supervisor, None, memory=True))
    running = "running" if state.ready else "starting"
    return Report(running, state.public_url, str(layout.data), parts, _last_backup(layout), _free(layout))


def reset(layout: Layout) -> list[str]:
    """Delete everything under the data folder that is ours, and return the names of what is left there.

    Backups stay: they are what one comes back from. Raises StackError while a stack runs on the folder.
    """
    lock = Lock(layout.lock)
    if lock.is_taken():
        raise StackError(f"Notechondria is running on {layout.data}.", "Stop it first: notechondria down.")
    state = StackState.read(layout.state)
    if state is not None:
        _end_leftovers(layout, state)
    for path in (layout.postgres, layout.nats, layout.media, layout.logs, layout.run):
        if path.exists():
            shutil.rmtree(path)
    for file in (
        layout.credentials,
        layout.certificates,
        layout.backup_schedule,
        layout.backup_status,
        layout.metrics_targets,
    ):
        file.unlink(missing_ok=True)
    return sorted(path.name for path in layout.data.iterdir()) if layout.data.is_dir() else []


def _last_backup(layout: Layout) -> str:
    return BackupStatus.read(layout).sentence()


def _free(layout: Layout) -> int:
    """Return what is free on the disk under the data, in MiB; 0 where there is none yet."""
    return shutil.disk_usage(layout.data).free // 2**20 if layout.data.is_dir() else 0


def _end_leftovers(layout: Layout, state: StackState) -> list[str]:
    with Lock(layout.lock):
        ended = state.end_leftovers()
        layout.state.unlink(missing_ok=True)
    return ended


def _part_report(name: str, state: StackState, *, memory: bool) -> PartReport:
    return replace(
        _look(name, state.parts[name], state.ports.get(name), memory=memory), workers=state.workers.get(name)
    )


def _look(name: str, part: PartState, port: int | None, *, memory: bool) -> PartReport:
    process = part.process()
    if process is None:
        return PartReport(name, running=False, pid=None, port=port, uptime_seconds=None, restarts=part.restarts,
                          memory_mib=None)  # fmt: skip
    return PartReport(
        name=name,
        running=True,
        pid=part.pid,
        port=port,
        uptime_seconds=int(time.time() - part.create_time),
        restarts=part.restarts,
        memory_mib=_memory(process, with_children=name != "launcher") if memory else None,
    )


def _memory(process: psutil.Process, *, with_children: bool) -> float | None:
    """Add up the memory of a process and its children in MiB: shared pages count in proportion (PSS) on Linux."""
    total = 0
    for one in [process, *(process.children(recursive=True) if with_children else [])]:
        try:
            info = one.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            if os.geteuid() == 0:
                continue
            return None
        total += getattr(info, "pss", 0) or info.uss
    return round(total / 2**20, 1)
