"""Work in a fork of this process, so that the memory and the libraries it takes end with it."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import FrameType


def run_forked(work: Callable[[], int]) -> int:
    """The exit code of `work`, run in a child process. Call it before there are threads: a fork has only one.

    SIGTERM ends the child, then this process. A child that a signal ended gives 128 and its number, as in a shell.
    Where the system's own libraries do not bear a fork (everywhere but on Linux) the work is done in this process.
    """
    if sys.platform != "linux":
        return work()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        be_child(work)
    terminated = False

    def end_child(_number: int, _frame: FrameType | None) -> None:
        nonlocal terminated
        terminated = True
        with suppress(ProcessLookupError):  # it has ended just now
            os.kill(child, signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, end_child)
    try:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        signal.signal(signal.SIGTERM, before)
    if terminated:
        # The process ends as one without a handler does, whatever the child made of it.
        os.kill(os.getpid(), signal.SIGTERM)
    return code if code >= 0 else 128 - code


def be_child(work: Callable[[], int]) -> None:
    """Do the work and leave; nothing that the parent registered for its end is run here."""
    code = 1
    try:
        code = work()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        if isinstance(leaving.code, str):
            sys.stderr.write(leaving.code + "\n")
    except BaseException:  # whatever it is: the child must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
