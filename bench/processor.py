"""Processor time of each part of a running stack: what a request costs, wherever it is paid.

A rate says how fast a machine answers while the client that asks takes part of it, and other programs too. The
processor time of the services, Postgres with its backends, NATS and the gateway says the same on a busy machine. What
follows a request counts with it: events are waited for until planner has applied them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from tests.support.processor import seconds_of

from notechondria_cli.names import SERVICES
from notechondria_launcher.stack import Stack

PARTS = ("gateway", *SERVICES, "postgres", "nats")
SETTLE_SECONDS = 30.0
POLL_SECONDS = 0.05


@dataclass
class Spent:
    """Processor seconds by part."""

    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Of all parts."""
        return sum(self.seconds.values())

    def add(self, other: Spent) -> None:
        """What another measurement spent, too."""
        for part, value in other.seconds.items():
            self.seconds[part] = self.seconds.get(part, 0.0) + value

    def line(self, name: str, requests: int) -> str:
        """One line of a report: milliseconds per request, the dearest part first."""
        if not requests:
            return f"{name:<44} nothing was answered"
        each = {part: value * 1000 / requests for part, value in self.seconds.items()}
        parts = sorted(each.items(), key=lambda item: -item[1])
        shown = ", ".join(f"{part} {value:.2f}" for part, value in parts if value >= 0.005)
        return f"{name:<44} processor {sum(each.values()):6.2f} ms a request: {shown}"


@contextmanager
def measured(pids: Mapping[str, int]) -> Iterator[Spent]:
    """The processor time of processes while the block runs."""
    spent = Spent()
    before = {part: seconds_of(pid) for part, pid in pids.items()}
    yield spent
    spent.seconds = {part: seconds_of(pid) - before[part] for part, pid in pids.items()}


def pids_of(stack: Stack) -> dict[str, int]:
    """The parts of a stack by their processes."""
    return {part: stack.pid(part) for part in PARTS}


UNINDEXED = "SELECT FROM notes.note_outlines WHERE words IS NULL AND octets <= 262144 LIMIT 1"


def settle(stack: Stack, publisher: str = "notes", consumer: str = "planner") -> None:
    """Until the last event of one schema's outbox lies in the other's inbox, and the words of all notes are indexed; at
    most `SETTLE_SECONDS`."""
    last = f"SELECT event_id FROM {publisher}.outbox ORDER BY id DESC LIMIT 1"  # noqa: S608 - names of ours
    is_applied = f"SELECT FROM {consumer}.inbox WHERE event_id = %s"
    deadline = time.monotonic() + SETTLE_SECONDS

    def wait(reached: Callable[[], bool]) -> None:
        while not reached() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    with psycopg.connect(stack.admin_database_url, autocommit=True) as database:
        event = database.execute(last).fetchone()
        wait(lambda: event is None or database.execute(is_applied, event).fetchone() is not None)
        wait(lambda: database.execute(UNINDEXED).fetchone() is None)
