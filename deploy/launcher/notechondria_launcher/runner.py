"""``up``: in the foreground until it is asked to stop, or in the background once everything is ready."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from notechondria_cli import preflight
from notechondria_cli.build import build_here
from notechondria_cli.display import Display, say
from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout
from notechondria_cli.state import AlreadyRunningError, Lock, StackState
from notechondria_launcher.background import STOP_SIGNALS, ignore_stop_signals, start_or_stop, stop_on_signals
from notechondria_launcher.plan import single_process
from notechondria_launcher.reload import restart_on_change, watched_folders
from notechondria_launcher.stack import Stack
from notechondria_launcher.summary import already_running, summary


@dataclass(frozen=True)
class UpOptions:
    """What ``up`` was asked for."""

    data: Path
    host: str
    port: int
    env: Mapping[str, str]
    reload: str | None = None
    """A service that is restarted whenever its code changes."""


def up(options: UpOptions, console: Console, *, detach: bool) -> None:
    """Start the stack; returns when it has been stopped again or, detached, when it is ready."""
    layout = Layout(options.data)
    # Asked here and not in the process that stays: git's answer costs it memory for as long as the stack runs.
    options = replace(options, env={**options.env, "BACKEND_BUILD_COMMIT": build_here(options.env).commit})
    if options.reload:
        _check_reload(options, layout, options.reload, detach=detach)
    if Lock(layout.lock).is_taken():
        say(console, already_running(layout, StackState.read(layout.state), options.env))
        return
    preflight.check_platform()
    preflight.check_folder(layout)
    preflight.check_port(options.host, options.port)
    if not (detach or options.reload) and sys.platform == "linux":
        _go_on_with_less(options, layout, console)
        return
    try:
        with Display(console) as display:
            if detach:
                _start_detached(options, layout, display)
            else:
                stack = Stack(
                    options.data, options.port, options.env, host=options.host, progress=display, forking=True
                )
                stop = stop_on_signals(stack)
                start_or_stop(stack, stop)
        if detach:
            _report(console, layout, options.env, detached=True)
            return
    except AlreadyRunningError:
        say(console, already_running(layout, StackState.read(layout.state), options.env))
        return
    _serve(stack, stop, console, layout, options)


def _check_reload(options: UpOptions, layout: Layout, service: str, *, detach: bool) -> None:
    """Refuse --reload where it cannot work, before anything is started."""
    watched_folders(service)
    if detach:
        raise StackError("--reload shows what it does, so it stays in the foreground.", "Leave --detach out.")
    if single_process(options.env):
        sentence = "All services run in one process here, so one cannot be restarted."
        raise StackError(sentence, "Unset NOTECHONDRIA_TOGETHER.")
    if Lock(layout.lock).is_taken():
        remedy = f"Stop it with notechondria down, or restart by hand: notechondria restart {service}."
        raise StackError(f"Notechondria is running on {layout.data} already.", remedy)


def _serve(stack: Stack, stop: threading.Event, console: Console, layout: Layout, options: UpOptions) -> None:
    try:
        _report(console, layout, options.env, detached=False)
        if options.reload:
            restart_on_change(stack, options.reload, stop, console)
        stop.wait()
    finally:
        ignore_stop_signals()
        stack.stop()
    say(console, "Stopped; nothing is left running.")


def _report(console: Console, layout: Layout, env: Mapping[str, str], *, detached: bool) -> None:
    state = StackState.read(layout.state)
    if state is not None:
        say(console, summary(layout, state, env, detached=detached, qr_code=console.is_terminal))


def _background_command(options: UpOptions, report: int, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "notechondria_launcher.background", "--data", str(options.data),
        "--host", options.host, "--port", str(options.port), "--report", str(report), *more,
    ]  # fmt: skip


def _go_on_with_less(options: UpOptions, layout: Layout, console: Console) -> None:
    """Become the process that runs the stack in the foreground, without the command line: 39 MiB less to keep.

    A child of it, which is what we are now, shows the start and ends when all is ready.
    """
    reading, writing = os.pipe()
    shows = os.fork()
    if shows != 0:
        os.close(reading)
        os.set_inheritable(writing, True)
        os.chdir("/")
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # until there is who stops in order
        command = _background_command(options, writing, "--shown-by", str(shows))
        os.execve(sys.executable, command, dict(options.env))  # noqa: S606 - our own command line
    os.close(writing)
    # Who runs the stack is asked to stop, and says over the pipe what became of the start.
    ignore_stop_signals()
    with Display(console) as display:
        ready = _follow(reading, display)
    if not ready:
        raise StackError("The launcher ended unexpectedly.", "Start again.")
    _report(console, layout, options.env, detached=False)


def _start_detached(options: UpOptions, layout: Layout, display: Display) -> None:
    reading, writing = os.pipe()
    with layout.log("launcher").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            _background_command(options, writing), env=dict(options.env), cwd="/", stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT, pass_fds=(writing,), start_new_session=True,
        )  # fmt: skip
    os.close(writing)
    try:
        if _follow(reading, display):
            return
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise StackError("The start was interrupted; nothing is left running.", "Start again.") from None
    process.wait()
    raise StackError("The launcher ended unexpectedly.", f"See {layout.log('launcher')}.")


def _follow(reading: int, display: Display) -> bool:
    """Show what the process that starts the stack reports; False when it ends before all is ready."""
    with os.fdopen(reading, encoding="utf-8") as messages:
        return any(_show(json.loads(line), display) for line in messages)


def _show(message: dict[str, object], display: Display) -> bool:
    """Pass a message of the background process on; True when it is ready."""
    if "sentence" in message:
        raise StackError(str(message["sentence"]), str(message["remedy"]))
    if "begin" in message:
        display.begin(str(message["begin"]))
    if "finish" in message:
        display.finish(str(message["finish"]), float(str(message["seconds"])))
    if "note" in message:
        display.note(str(message["note"]))
    return "ready" in message
