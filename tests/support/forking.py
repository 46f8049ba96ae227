"""Services of the tests' stacks as forks of one process that has imported them all: a start without the imports.

Of the nine seconds of processor time that a stack takes to start, six are five processes that import the same
libraries. What runs is the program that `python -m notes_service` runs, in a process that is the launcher's own child,
with its environment, log, session and death signal. Real starts are kept where they differ (`_can_be_forked`): in
stacks of stand-ins, under coverage.py, with several workers, and in all that a command starts (`notechondria up`).

Commands of operators and the programs that a start runs are forks as well once the process is there: a third of a
second each.
"""

from __future__ import annotations

import atexit
import inspect
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from notechondria_cli.names import SERVICES
from notechondria_launcher.forking import Start, Template, can_be_forked
from notechondria_launcher.process import guarded

ROOT = Path(__file__).resolve().parents[2]
OFF = "NOTECHONDRIA_TEST_REAL_STARTS"
"""A variable of the environment that keeps everything as it is outside of tests."""
WEB_ALONE = "NOTECHONDRIA_TEST_FORKS_WEB_ALONE"
"""A variable of the environment that spares the imports of all others."""
_GUARD = guarded(())
_COMMAND = "notechondria_launcher"
_PROGRAMS = {_COMMAND, "notechondria_shared.broker.provisioning", "notechondria_shared.core.provision"}
_FROM_FILES = "--reload"
"""`up` that looks for the files of a service stays an interpreter, which finds what an operator's finds."""
_STANDINS = "PYTHONPATH"
"""Has services replaced by stand-ins, none of which a command imports: what it starts is an interpreter of its own."""


def _can_be_forked(module: str, arguments: Sequence[str], env: Mapping[str, str]) -> bool:
    """Whether the environment only says what a service, or a command, reads after its imports."""
    if module == _COMMAND:
        env = {name: value for name, value in env.items() if name != _STANDINS}
    if not can_be_forked(env) or env.get(OFF):
        return False
    if module in _PROGRAMS:
        return server.begun and not (module == _COMMAND and _FROM_FILES in arguments)
    return module.removesuffix("_service") in SERVICES and env.get("WEB_CONCURRENCY") == "1"


def _start_of(command: object, env: Mapping[str, str] | None, folder: object, *, session: bool) -> Start | None:
    """What is to be started when the command line is a service's that can be forked, else None."""
    env = dict(os.environ if env is None else env)
    if not isinstance(command, Sequence):
        return None
    words, death_signal = [str(word) for word in command], 0
    if words[: len(_GUARD) - 2] == _GUARD[:-2] and words[len(_GUARD) - 1] == "-":
        death_signal, words = int(words[len(_GUARD) - 2]), words[len(_GUARD) :]
    if words[:2] != [sys.executable, "-m"] or not _can_be_forked(words[2], words[3:], env):
        return None
    return Start(words[2], words[3:], env, str(folder or Path.cwd()), os.getpid(), death_signal, session)


class _Server(Template):
    @property
    def begun(self) -> bool:
        """Whether the process is there, or on its way."""
        return self._socket is not None


server = _Server([sys.executable, "-m", "tests.support.fork_server"], os.environ, None, str(ROOT))
"""The process that has imported the services; it ends with this one."""


class ForkingPopen(subprocess.Popen[Any]):
    """`subprocess.Popen`, whose child is a fork where that makes no difference."""

    def _execute_child(self, *values: Any) -> None:
        plain = super()._execute_child  # type: ignore[misc]
        named = inspect.signature(plain).bind(*values).arguments
        start = _start_of(named["args"], named["env"], named["cwd"], session=named["start_new_session"])
        own = (named["p2cread"], named["c2pwrite"], named["errwrite"])
        if start is None or named["pass_fds"]:
            plain(*values)
            return
        self.pid = server.start(start, [number if file == -1 else file for number, file in enumerate(own)])
        self._child_created = True
        ends = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(named[name] for name in ends))  # type: ignore[attr-defined]


def install() -> None:
    """Have every `subprocess.Popen` of this process fork services from now on."""
    if sys.platform == "linux":
        atexit.register(server.end)
        subprocess.Popen = ForkingPopen  # type: ignore[misc]
