"""How many processes each service has: what the operator says (NOTES_WORKERS=2), or what cores and memory allow."""

import os
from collections.abc import Mapping

import psutil

from notechondria_cli.errors import StackError
from notechondria_cli.names import SERVICES

AUTO = "auto"
MOST = 64
_MOST_BY_ITSELF = 4
_BASE_MIB = 1200
"""The stack with one process of each service, and room for what it does."""
_WORKER_MIB = 60
"""What each further process takes (docs/operations.md, "Workers"), and a little."""


def variable(service: str) -> str:
    """Return the setting of a service."""
    return f"{service.upper()}_WORKERS"


def worker_counts(env: Mapping[str, str]) -> dict[str, int]:
    """Return the number of processes by service; raises StackError for what is neither a number nor `auto`."""
    general = env.get("WEB_CONCURRENCY", "").strip() or "1"
    return {name: _count(variable(name), env.get(variable(name), "").strip() or general) for name in SERVICES}


def _count(name: str, text: str) -> int:
    if text.lower() == AUTO:
        return automatic()
    return checked(name, text)


def checked(name: str, text: str) -> int:
    """Return a number of processes that somebody gave. Raises StackError."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise StackError(f"{name}={text} is no number of processes.", f"Give 1 to {MOST}, or auto.")
    return int(text)


def automatic() -> int:
    """Return what suits this machine: a process a core, at most four, and no more than there is memory for."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    spare = psutil.virtual_memory().total / 2**20 - _BASE_MIB
    by_memory = 1 + int(max(spare, 0) / len(SERVICES) / _WORKER_MIB)
    return max(1, min(cores, by_memory, _MOST_BY_ITSELF))
