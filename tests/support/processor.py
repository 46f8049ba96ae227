"""Processor time of a part of the stack: what a request costs, however busy the machine is with something else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from notechondria_launcher.stack import Stack


def spent_by(stack: Stack, name: str) -> float:
    """Processor seconds of a part since it was started, its children's among them."""
    parent = psutil.Process(stack.pid(name))
    seconds = 0.0
    for process in (parent, *parent.children(recursive=True)):
        times = process.cpu_times()
        seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


@contextmanager
def at_most(seconds: float, stack: Stack, *names: str) -> Iterator[None]:
    """Fail when these parts take longer than so many seconds of a processor, all together, for what is done inside."""
    before = sum(spent_by(stack, name) for name in names)
    yield
    took = sum(spent_by(stack, name) for name in names) - before
    assert took < seconds, f"{', '.join(names)} took {took:.1f} s of a processor"
