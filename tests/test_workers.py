"""How test runs are spread over processes (docs/contributing.md)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support import workers

ROOT = Path(__file__).resolve().parent.parent
# Not our settings: this run is one of its own, of two files of which one fails.
SETTINGS = "[pytest]\naddopts = --numprocesses=auto --dist=loadfile -p tests.support.workers\ntestpaths = .\n"
FILE = "import os\n\ndef test_first():\n    assert {holds}\n\ndef test_second():\n    print('by', os.getpid())\n"

ONCE = """\
def test_once():
    there = Path("{file}").exists()
    Path("{file}").touch()
    assert there, "failed at first"

def test_always():
    pass
"""

OF_ONE_THAT_WAITS = """\
from pathlib import Path
from tests.support import workers
workers.ROOT, workers.ALONE, workers.LONGEST = Path(__file__).parent, (), ()
workers.WAITING = ("test_waits.py",)
workers.available = lambda: 2
"""

BY_WHOM = """\
import os, pytest, time

@pytest.mark.parametrize("number", range(3))
def test_it(number):
    time.sleep(0.5)
    print(f"by {os.environ['PYTEST_XDIST_WORKER']}, {__name__}, {number}")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    (tmp_path / "test_good.py").write_text(FILE.format(holds=True))
    (tmp_path / "test_bad.py").write_text(FILE.format(holds=False))
    return tmp_path


def run(project: Path, *arguments: str, code: int = 1) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env["PYTHONPATH"] = str(ROOT)
    call = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(call, cwd=project, env=env, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_a_whole_run_is_spread_and_names_a_failure_at_once(project: Path) -> None:
    said = run(project, "-rP")
    assert "1 failed, 3 passed, 1 rerun" in said
    assert "FAILED AT FIRST, AND AGAIN" in said
    assert ("workers [4 items]" in said) == (workers.available() > 1)
    if workers.available() > 1:
        assert said.index("\nFAILED test_bad.py::test_first (call)\n") < said.index("= FAILURES =")


@pytest.mark.parametrize("chosen", [["test_bad.py"], ["-k", "first"], ["-n", "0"]])
def test_what_is_chosen_runs_in_one_process(project: Path, chosen: list[str]) -> None:
    said = run(project, *chosen)
    assert "workers" not in said
    assert "1 failed" in said


def test_what_fails_once_is_repeated_in_a_whole_run_and_named(project: Path) -> None:
    seen = project / "seen"
    (project / "test_bad.py").write_text(f"from pathlib import Path\n\n{ONCE.format(file=seen)}")
    said = run(project, code=0)
    assert "4 passed, 1 rerun" in said
    title, name = said.index("PASSED ONLY WHEN REPEATED"), said.index("\ntest_bad.py::test_once (call)\n")
    assert title < name < said.index("failed at first")
    seen.unlink()
    assert "1 failed" in run(project, "test_bad.py")


@pytest.mark.parametrize(("cores", "number"), [(1, 0), (2, 3), (3, 4), (16, 5)])
def test_a_whole_run_has_a_worker_for_each_core_and_one_for_what_waits(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, cores: int, number: int
) -> None:
    monkeypatch.setattr(workers, "available", lambda: cores)
    monkeypatch.setattr(workers, "_whole", lambda config: True)
    assert workers.pytest_xdist_auto_num_workers(pytestconfig) == number


def test_the_last_worker_begins_with_what_waits(project: Path) -> None:
    (project / "conftest.py").write_text(OF_ONE_THAT_WAITS)
    for name in ("test_good.py", "test_bad.py", "test_more.py", "test_waits.py"):
        (project / name).write_text(BY_WHOM)
    said = run(project, "-rP", code=0)
    assert "12 passed" in said
    ran = re.findall(r"by (gw\d), (\w+), (\d)", said)
    assert {worker for worker, _, _ in ran} == {"gw0", "gw1", "gw2"}
    assert [worker for worker, file, _ in ran if file == "test_waits"] == ["gw2"] * 3


def test_files_that_must_not_run_beside_each_other_are_one_unit() -> None:
    assert {workers.unit(f"{file}::test_x[a::b]") for file in workers.ALONE} == {"alone"}
    assert workers.unit("tests/test_story.py::test_x[a::b]") == "tests/test_story.py"


def test_a_whole_run_takes_every_folder_of_tests() -> None:
    """A path of `testpaths` that is not there is left out without a word, so one was for a while."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    chosen = {ROOT / path for path in settings["tool"]["pytest"]["ini_options"]["testpaths"]}
    ours = [ROOT / name for name in ("cli", "deploy", "gateway", "services", "shared", "tests", "tools")]
    folders = {file.parent for folder in ours for file in folder.rglob("test_*.py") if "node_modules" not in file.parts}
    apart = ROOT / "deploy" / "ci" / "tests"  # needs Docker: `make compose-test`
    assert all(path.is_dir() for path in chosen)
    assert [folder for folder in folders if folder != apart and chosen.isdisjoint({folder, *folder.parents})] == []
