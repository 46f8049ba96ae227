"""Work in a fork: its exit code, its end with SIGTERM, and that nothing of it stays in the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the work is done in the process itself")


def run_program(work: str) -> subprocess.CompletedProcess[str]:
    """Run a process that does `work` in a fork and prints what it has loaded of `alembic`, then the exit code."""
    program = f"""
import sys
from notechondria_shared.core.forked import run_forked
def work():
{work}
code = run_forked(work)
print("alembic" in sys.modules, code)
"""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    ("work", "code"),
    [
        ("    return 0", 0),
        ("    return 3", 3),
        ("    sys.exit(4)", 4),
        ("    sys.exit('a sentence')", 1),
        ("    raise RuntimeError('no')", 1),
        ("    import os; os.kill(os.getpid(), 9)", 137),
    ],
)
@linux
def test_the_exit_code_of_the_work_is_that_of_the_fork(work: str, code: int) -> None:
    done = run_program(work)
    assert done.stdout.split() == ["False", str(code)]
    assert ("RuntimeError: no" in done.stderr) == ("RuntimeError" in work)
    assert ("a sentence" in done.stderr) == ("a sentence" in work)


@linux
def test_what_the_work_loads_does_not_stay() -> None:
    assert run_program("    import alembic; return 0").stdout.split() == ["False", "0"]


@linux
def test_sigterm_ends_the_work_and_the_process(tmp_path: Path) -> None:
    begun = tmp_path / "child"
    program = f"""
import os, pathlib, time
from notechondria_shared.core.forked import run_forked
def work():
    pathlib.Path({str(begun)!r}).write_text(str(os.getpid()))
    time.sleep(60)
    return 0
run_forked(work)
print("still here")
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    while not (begun.exists() and begun.read_text()):
        assert process.poll() is None
        time.sleep(0.01)
    child = int(begun.read_text())
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=10)[0] == ""
    assert process.returncode == -signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
