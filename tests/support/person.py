"""Somebody who types commands on a data folder of their own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from notechondria_cli.ports import choose_port
from notechondria_cli.state import StackState

COMMAND = [sys.executable, "-m", "notechondria_launcher"]


class Person:
    """Types commands on one data folder."""

    def __init__(self, data: Path, env: Mapping[str, str]) -> None:
        self.data = data
        self.port = choose_port()
        self.env = {**os.environ, **env, "NOTECHONDRIA_DATA": str(data), "NO_COLOR": "1", "COLUMNS": "200"}

    def types(self, *arguments: str, code: int = 0, entered: str = "") -> str:
        """Run a command to its end and return all it says."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=self.env, input=entered, capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self, *, code: int = 0) -> str:
        """Start in the background."""
        return self.types("up", "--detach", "--port", str(self.port), code=code)

    def state(self) -> StackState:
        """Return what the running stack wrote down."""
        state = StackState.read(self.data / "run" / "state.json")
        assert state is not None
        return state

    def gone(self, state: StackState) -> bool:
        """Return whether no process of that stack is left."""
        return not [part for part in (state.supervisor, *state.parts.values()) if part.process()]


@contextmanager
def new_person(data: Path, env: Mapping[str, str]) -> Iterator[Person]:
    """Somebody with a data folder; what they leave running is stopped."""
    someone = Person(data, env)
    yield someone
    if StackState.read(data / "run" / "state.json") is None:
        return  # nothing was started, or it was stopped
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run([*COMMAND, "down"], env=someone.env, capture_output=True, timeout=60, check=False)
