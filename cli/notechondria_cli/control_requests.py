"""Requests of other commands to the launcher that runs a stack: one file each, answered by another file.

A folder works wherever the data folder does. A Unix socket does not: its path may be 107 characters long at most.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout
from notechondria_cli.state import Lock

_POLL_SECONDS = 0.05
_TAKEN_SECONDS = 10.0
_DONE_SECONDS = 180.0


@dataclass(frozen=True)
class Restarted:
    """A part that was stopped and started again; ``seconds`` passed until it was ready."""

    name: str
    pid: int
    port: int | None
    seconds: float


def ask_restart(layout: Layout, name: str, workers: int | None = None) -> Restarted:
    """Ask the running launcher to restart a part, with so many processes, and wait until the part is ready.

    Raises StackError when the restart fails, when the launcher ends meanwhile or does not take the request.
    """
    layout.requests.mkdir(mode=0o700, exist_ok=True)
    request = layout.requests / f"{uuid4().hex}.request"
    draft = request.with_suffix(".draft")
    draft.write_text(json.dumps({"restart": name, "workers": workers}), encoding="utf-8")
    draft.replace(request)
    answer = request.with_suffix(".answer")
    try:
        content = json.loads(_await(layout, request, answer))
    finally:
        request.unlink(missing_ok=True)
        answer.unlink(missing_ok=True)
    if "sentence" in content:
        raise StackError(content["sentence"], content["remedy"])
    return Restarted(**content)


def _await(layout: Layout, request: Path, answer: Path) -> str:
    lock = Lock(layout.lock)
    started = time.monotonic()
    while True:
        if answer.exists():
            return answer.read_text(encoding="utf-8")
        waited = time.monotonic() - started
        if not lock.is_taken():
            raise StackError("The launcher ended before the restart was done.", "Start it with: notechondria up.")
        if waited > _TAKEN_SECONDS and request.exists():
            raise StackError(
                f"The launcher has not taken the request within {_TAKEN_SECONDS:.0f} s.",
                "It may run an older version: stop it with notechondria down, and start it again.",
            )
        if waited > _DONE_SECONDS:
            raise StackError(f"The restart was not done within {_DONE_SECONDS:.0f} s.", f"See {layout.logs}.")
        time.sleep(_POLL_SECONDS)


def clear(layout: Layout) -> None:
    """Remove what was left by commands of an earlier run."""
    for path in layout.requests.glob("*"):
        path.unlink(missing_ok=True)


def answer_all(layout: Layout, restart: Callable[[str, int | None], Restarted]) -> None:
    """Do what the waiting requests ask, the oldest first; each gets its answer, also when it fails."""
    for request in sorted(layout.requests.glob("*.request"), key=_age):
        try:
            asked = json.loads(request.read_text(encoding="utf-8"))
            name, workers = str(asked["restart"]), asked.get("workers")
            workers = int(workers) if workers is not None else None
            # Taken: from here on the command that asks waits for the answer.
            request.unlink()
        except (OSError, ValueError, KeyError, TypeError):
            continue
        try:
            content: dict[str, object] = asdict(restart(name, workers))
        except StackError as error:
            content = {"sentence": error.sentence, "remedy": error.remedy}
        draft = request.with_suffix(".draft")
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(request.with_suffix(".answer"))


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # the command that asked has given up
        return 0.0
