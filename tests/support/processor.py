"""Processor time of a part of the stack: what a request costs, however busy the machine is with something else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from notechondria_launcher.stack import Stack


def seconds_of(pid: int) -> float:
    """Processor seconds of a process and all its descendants, those included that ended and were waited for."""
    spent = 0.0
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                spent += times.user + times.system + times.children_user + times.children_system
    return spent


@contextmanager
def at_most(seconds: float, stack: Stack, *names: str) -> Iterator[None]:
    """Fail when these parts take longer than so many seconds of a processor, all together, for what is done inside."""
    pids = [stack.pid(name) for name in names]
    before = sum(map(seconds_of, pids))
    yield
    took = sum(map(seconds_of, pids)) - before
    assert took < seconds, f"{', '.join(names)} took {took:.1f} s of a processor"
