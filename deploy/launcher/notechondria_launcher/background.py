"""The process that runs the stack for ``up``: reports its start over a pipe, then runs until it is asked to stop.

It lives as long as the stack and loads only what that takes: no command line, no tables, no ORM.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from notechondria_cli.errors import StackError
from notechondria_cli.operator_env import operator_environment
from notechondria_cli.state import AlreadyRunningError
from notechondria_launcher.progress import Pipe, log
from notechondria_launcher.stack import Stack
from notechondria_shared.core.memory import settle

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop_on_signals(stack: Stack) -> threading.Event:
    """Return what is set when the process is asked to stop; a start in progress is abandoned."""
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()
        stack.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means it
        signal.signal(signal.SIGHUP, on_signal)
    # In the foreground they were held back since before this process loaded its libraries.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    return stop


def ignore_stop_signals() -> None:
    """Signals to stop do nothing from now on: a second Ctrl-C while the database writes its last page helps nobody."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def start_or_stop(stack: Stack, stop: threading.Event) -> None:
    """Start the stack; raises StackError, also when the process is asked to stop meanwhile."""
    try:
        stack.start()
    except StackError as error:
        if stop.is_set():
            raise StackError("The start was interrupted; nothing is left running.", "Start again.") from error
        raise


def run(stack: Stack, pipe: Pipe, shown_by: int | None = None) -> None:
    """Start ``stack``, report over the pipe how that went, and run until asked to stop.

    ``shown_by`` is the child that reads the pipe, in the foreground.
    """
    stop = stop_on_signals(stack)
    try:
        start_or_stop(stack, stop)
    except StackError as error:
        pipe.send(sentence=error.sentence, remedy=error.remedy)
        raise
    except AlreadyRunningError:
        pipe.send(sentence="Another start on this data folder was faster.", remedy="See: notechondria status.")
        _end_report(pipe, shown_by)
        return
    pipe.send(ready=True)
    _end_report(pipe, shown_by)
    settle()
    try:
        stop.wait()
    finally:
        ignore_stop_signals()
        stack.stop()
    if shown_by:
        log.info("Stopped; nothing is left running.")


def _end_report(pipe: Pipe, shown_by: int | None) -> None:
    """Let who shows the start have their last word before anything else is said."""
    pipe.close()
    if shown_by:
        os.waitpid(shown_by, 0)


def _log_to_terminal() -> None:
    """What is worth a line while the stack runs is said as it is, not as a line of a log."""
    terminal = logging.StreamHandler(sys.stdout)
    terminal.setFormatter(logging.Formatter("%(message)s"))
    log.addHandler(terminal)
    log.setLevel(logging.INFO)
    log.propagate = False


def main() -> int:
    """Be that process; the exit code."""
    parser = argparse.ArgumentParser(prog="notechondria_launcher.background")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--report", type=int, required=True, metavar="DESCRIPTOR")
    parser.add_argument("--shown-by", type=int, metavar="PID", help="a child of this process; then it is no background")
    arguments = parser.parse_args()
    if arguments.shown_by:
        _log_to_terminal()
    else:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-8s %(message)s")
    pipe = Pipe(arguments.report)
    try:
        run(
            Stack(
                arguments.data, arguments.port, operator_environment(), host=arguments.host, progress=pipe, forking=True
            ),
            pipe,
            arguments.shown_by,
        )
    except StackError as error:
        if arguments.shown_by:
            _end_report(pipe, arguments.shown_by)
        else:
            sys.stderr.write(f"{error.sentence} {error.remedy}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
