"""``notechondria upgrade``: the running stack goes over to the version of the files here, with a backup before it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from notechondria_cli import control
from notechondria_cli.build import Build, build_here
from notechondria_cli.display import say
from notechondria_cli.errors import StackError
from notechondria_cli.layout import PROJECT, Layout, shown
from notechondria_cli.operator_env import operator_environment
from notechondria_cli.options import Data
from notechondria_cli.state import StackState
from notechondria_launcher.systemd import Unit

_INSTALL_SECONDS = 1800
_START_SECONDS = 900
_BOOTSTRAP = PROJECT / "tools" / "bootstrap.sh"
_IN_USE = 75
"""Exit code of the installation under a running stack (tools/bootstrap.sh)."""
_STAMPS = (PROJECT / ".venv" / ".installed", PROJECT / ".venv" / ".ready")
"""Of an installation for running, and of one with what tests need (Makefile)."""


@dataclass(frozen=True)
class Running:
    """What is replaced: where it listens, which build it is, the unit of systemd that runs it."""

    state: StackState
    build: Build

    @classmethod
    def on(cls, layout: Layout) -> "Running":
        """Look at what runs; raises StackError when nothing does."""
        state = control.running_state(layout)
        return cls(state, Build(state.version or "an earlier version", state.commit))


def upgrade(
    data: Data = None,
    backup: Annotated[
        bool, typer.Option("--backup/--no-backup", help="Whether a backup is made before anything is stopped.")
    ] = True,
    again: Annotated[bool, typer.Option("--again", help="Also when this version runs already.")] = False,
) -> None:
    """Go over to the version of the files here: back up, stop, install, start, check; says how to go back.

    While it is stopped nobody is answered; what was answered before is kept. It starts in the background, or by the
    unit of systemd that ran it before.
    """
    env, console = operator_environment(), Console()
    layout = Layout.of(data, env)
    running, here = Running.on(layout), build_here(env)
    if running.build == here and not again:
        say(console, f"{here} runs on {escape(shown(layout.data))} already: nothing to do.")
        return
    say(console, f"From {running.build} to {here}, on {escape(shown(layout.data))}.")
    archive = _back_up(layout, env, console) if backup else None
    back = _way_back(running, layout, archive)
    unit = Unit.of(running.state.unit)
    try:
        _stop(layout, unit)
        say(console, "  stopped")
        _install(console)
        _start(layout, running.state, unit, env)
    except StackError as error:
        raise StackError(error.sentence, f"{error.remedy} {back}") from error
    say(console, f"  {here} is started: {escape(control.running_state(layout).public_url)}")
    healthy = _check(layout, env, console)
    say(console, escape(back))
    if not healthy:
        raise typer.Exit(1)


def _back_up(layout: Layout, env: Mapping[str, str], console: Console) -> Path:
    """Write an archive beside the data; a disk without room for it ends the upgrade before anything is stopped."""
    try:
        layout.backups.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StackError(f"{layout.backups} cannot be made ({error.strerror}).", "Nothing was stopped.") from error
    archive = layout.backups / f"before-upgrade-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar"
    _run(["backup", str(archive), "--data", str(layout.data)], env, _START_SECONDS, "The backup before the upgrade")
    say(console, f"  backup: {escape(shown(archive))}")
    return archive


def _way_back(running: Running, layout: Layout, archive: Path | None) -> str:
    """Return how the version before is run again. Schemas grow only; the archive is for when that is not enough."""
    checkout = f"git checkout {running.build.commit[:12]}" if running.build.commit else "check out the version before"
    text = f"To go back: notechondria down, {checkout}, make up."
    if layout.data != PROJECT / ".data":
        text = f"To go back: notechondria down, {checkout}, sh tools/bootstrap.sh, notechondria up --detach."
    if archive is not None:
        text += f" Where that one does not work with the data any more: notechondria reset, then restore {archive}."
    return text


def _stop(layout: Layout, unit: Unit | None) -> None:
    # A unit that starts again what ends would be faster than the installation.
    if unit is not None:
        unit.call("stop")
    control.stop(layout)


def _install(console: Console) -> None:
    """Install what the files here need; an installation without a checkout (an image) is what it is."""
    if not _BOOTSTRAP.is_file() or not _STAMPS[0].parent.is_dir() or not _is_install_due():
        return
    try:
        done = subprocess.run(  # noqa: S603 - our own script
            ["/bin/sh", str(_BOOTSTRAP), "--production"],
            capture_output=True, text=True, check=False, timeout=_INSTALL_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StackError(f"The installation did not end ({error}).", "It can be repeated: make up.") from error
    if done.returncode == _IN_USE:
        raise StackError("Another stack runs from this folder too: nothing can be installed.", "Stop that, make up.")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise StackError(f"The installation did not succeed: {last}", "Mend it and start: make up.")
    for stamp in _STAMPS:
        if stamp == _STAMPS[0] or stamp.exists():
            stamp.touch()
    say(console, "  installed")


def _is_install_due() -> bool:
    """Return whether a list of what is needed has changed since the last installation, as make looks at it."""
    installed = max((stamp.stat().st_mtime for stamp in _STAMPS if stamp.exists()), default=0.0)
    lists = [PROJECT / "uv.lock", _BOOTSTRAP, *PROJECT.glob("pyproject.toml"), *PROJECT.glob("*/pyproject.toml")]
    lists += PROJECT.glob("*/*/pyproject.toml")
    return any(file.stat().st_mtime > installed for file in lists if ".venv" not in file.parts)


def _start(layout: Layout, before: StackState, unit: Unit | None, env: Mapping[str, str]) -> None:
    if unit is not None:
        unit.call("start")
        unit.wait_ready(layout)
        return
    port = str(before.ports["gateway"])
    options = ["--detach", "--data", str(layout.data), "--host", before.host, "--port", port]
    _run(["up", *options], env, _START_SECONDS, "The start")


def _check(layout: Layout, env: Mapping[str, str], console: Console) -> bool:
    """Have the new version's doctor look at it."""
    done = _command(["doctor", "--json", "--data", str(layout.data)], env, _START_SECONDS)
    try:
        problems = json.loads(done.stdout)["problems"]
    except (ValueError, KeyError, TypeError):
        say(console, "[bold red]The doctor did not answer.[/bold red] See: notechondria doctor.")
        return False
    for problem in problems:
        say(console, escape(f"  {problem['part']}: {problem['problem']} {problem['advice']}"))
    if not problems:
        say(console, "  checked: all is well")
    return not problems


def _run(arguments: Sequence[str], env: Mapping[str, str], seconds: float, what: str) -> None:
    done = _command(arguments, env, seconds)
    if done.returncode:
        last = " ".join((done.stderr or done.stdout).split()) or f"exit code {done.returncode}"
        raise StackError(f"{what} did not succeed: {last}", "Mend it and repeat: notechondria upgrade.")


def _command(arguments: Sequence[str], env: Mapping[str, str], seconds: float) -> subprocess.CompletedProcess[str]:
    """Run a command of ours in a process of its own: it loads the code and libraries that are here now."""
    command = [sys.executable, "-m", "notechondria_launcher", *arguments]
    try:
        return subprocess.run(  # noqa: S603 - our own command line
            command, env={**os.environ, **env, "NO_COLOR": "1", "COLUMNS": "1000"}, capture_output=True, text=True,
            check=False, timeout=seconds, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise StackError(f"notechondria {arguments[0]} did not end within {seconds:.0f} s.", "See the logs.") from error
