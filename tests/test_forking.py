"""What the tests' stacks run as forks is what a command line starts, and lives and dies as that does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from notechondria_cli.names import SERVICES
from notechondria_cli.ports import choose_port, release_port
from notechondria_cli.probe import answers
from notechondria_launcher.stack import Stack
from tests.support.client import eventually
from tests.support.covered import COVERED
from tests.support.forking import OFF, ROOT, WEB_ALONE
from tests.support.keys import KEY_SETTINGS
from tests.support.replica import another

SUPERVISOR = """
import os, signal, subprocess, sys
from notechondria_launcher.process import guarded
from tests.support import forking
forking.install()
command = guarded([sys.executable, "-m", "web_service"], "-", signal.SIGTERM)
service = subprocess.Popen(command, env=dict(os.environ), cwd="/", start_new_session=True)
print(service.pid, flush=True)
print(service.wait(), flush=True)
"""


def child_of(url: str) -> psutil.Process:
    """The child of this process that serves an address."""
    port = int(url.rpartition(":")[2])
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if any(one.laddr.port == port and one.status == psutil.CONN_LISTEN for one in child.net_connections()):
                return child
    raise AssertionError(f"nobody of ours listens on {port}")


def command_of(url: str) -> str:
    """Its command line."""
    return " ".join(child_of(url).cmdline())


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_by_its_command_line_and_as_a_fork(stack: Stack, service: str) -> None:
    with another(stack, service, **{OFF: "1"}) as real:
        assert command_of(real).endswith(f"-m {service}_service")
    with another(stack, service) as forked:
        is_fork = sys.platform == "linux" and not COVERED
        assert ("tests.support.fork_server" in command_of(forked)) == is_fork


@pytest.mark.skipif(sys.platform != "linux" or COVERED, reason="forks are made on Linux, and not under coverage.py")
@pytest.mark.parametrize("ending", ["the supervisor is killed", "it is asked to stop", "it is killed"])
def test_a_fork_ends_with_its_supervisor_which_hears_how_it_ended(ending: str, tmp_path: Path) -> None:
    port = choose_port()
    environment = {
        "PATH": os.environ["PATH"], "PORT": str(port), "WEB_CONCURRENCY": "1", WEB_ALONE: "1", **KEY_SETTINGS
    }  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR], env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert supervisor.stdout is not None
    try:
        pid = int(supervisor.stdout.readline())
        service = psutil.Process(pid)
        eventually(lambda: answers(f"http://127.0.0.1:{port}/internal/health/ready"))
        assert (service.ppid(), service.cwd(), os.getsid(pid)) == (supervisor.pid, "/", pid)
        if ending == "the supervisor is killed":
            supervisor.kill()
            eventually(lambda: not service.is_running() or service.status() == psutil.STATUS_ZOMBIE)
            return
        number = signal.SIGKILL if ending == "it is killed" else signal.SIGTERM
        service.send_signal(number)
        assert supervisor.stdout.readline() == f"{-number}\n"
        assert supervisor.wait(20) == 0
    finally:
        supervisor.kill()
        supervisor.wait()
        supervisor.stdout.close()
        release_port(port)


@pytest.mark.skipif(sys.platform != "linux" or COVERED, reason="forks are made on Linux, and not under coverage.py")
def test_a_fork_has_the_signals_of_a_start_by_command_line(stack: Stack) -> None:
    """One that does not ignore SIGPIPE dies when the program at the other end of a pipe has died."""
    with another(stack, "planner", **{OFF: "1"}) as real, another(stack, "planner") as forked:
        assert _signals(forked) == _signals(real)


def _signals(url: str) -> list[str]:
    """What the child of this process that serves an address ignores and catches (proc_pid_status(5))."""
    lines = Path(f"/proc/{child_of(url).pid}/status").read_text().splitlines()
    return [line for line in lines if line.startswith(("SigIgn", "SigCgt"))]
