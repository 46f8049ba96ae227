"""Processor time of the parts of a stack, from /proc: what a request costs, whoever else uses the machine meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

import psutil

from notechondria_cli.names import SERVICES
from notechondria_launcher.stack import Stack

PARTS = ("gateway", *SERVICES, "postgres", "nats")


def used(stack: Stack) -> dict[str, float]:
    """Seconds of processor time that each part has used so far, with its processes."""
    seconds = {}
    for part in PARTS:
        root = psutil.Process(stack.pid(part))
        seconds[part] = sum(
            times.user + times.system for times in (one.cpu_times() for one in (root, *root.children(recursive=True)))
        )
    return seconds


def per_call(before: Mapping[str, float], after: Mapping[str, float], calls: int) -> dict[str, float]:
    """Milliseconds of each part for a call, and their sum."""
    each = {part: 1000 * (after[part] - before[part]) / max(calls, 1) for part in after}
    return {**each, "all": sum(each.values())}


def line(name: str, milliseconds: Mapping[str, float]) -> str:
    """One line of a report; parts that took next to nothing are left out."""
    shown = "  ".join(f"{part} {value:.2f}" for part, value in milliseconds.items() if value >= 0.005)
    return f"{name:<44} processor ms: {shown}"
